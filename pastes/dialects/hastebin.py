"""The wire format of hastebin: raw text to /documents, JSON out, and the same text at /raw/{key}.

https://github.com/toptal/haste-server has the addresses. A key may come with the ending of a file: the browser there
picks a language by it.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from pastes import answers, body, dialects, keys, reading
from pastes.drafts import Draft, NewFile
from pastes.errors import RefusedError
from pastes.models import Paste
from pastes.writing import publish

NAME = "hastebin"
_TOO_LONG = "Document exceeds maximum length."


@csrf_exempt  # No cookie is looked at.
@require_POST
@dialects.switchable(NAME)
def create(request: HttpRequest) -> HttpResponse:
    """Publish the body, or the field `data` of a multipart form; answers 200 and the key."""
    try:
        paste = publish(Draft(files=[NewFile(_text(request))]))
    except RefusedError as refused:
        return _message(_TOO_LONG if refused.code == "too_large" else refused.message, status=400)
    return _open_to_all(answers.with_token(JsonResponse({"key": paste.key}), paste))


@require_safe
@dialects.switchable(NAME)
def document(request: HttpRequest, name: str) -> HttpResponse:
    """The text of a paste, with its key, as JSON."""
    paste = _paste(name)
    if paste is None:
        return _message("Document not found.", status=404)
    return _open_to_all(JsonResponse({"data": answers.in_one(paste.files), "key": paste.key}))


@require_safe
@dialects.switchable(NAME)
def raw(request: HttpRequest, name: str) -> HttpResponse:
    """The text of a paste alone."""
    paste = _paste(name)
    if paste is None:
        return _message("Document not found.", status=404)
    return _open_to_all(answers.unless_known(request, answers.in_one(paste.files)))


def _text(request: HttpRequest) -> str:
    """Return what was sent. curl labels a text as a form that it is not, so that the label means nothing."""
    if request.content_type != "multipart/form-data":
        return body.any_text(request)
    fields, files = body.form(request)
    data = body.fields_by_name(fields, files).getlist("data")
    if len(data) != 1:
        raise RefusedError("missing_field", "Send the text as data, once.", field="data")
    return data[0]


def _paste(name: str) -> Paste | None:
    """Return the paste of a key, or None; one that burns is not read by looking at an address."""
    key = name.partition(".")[0]
    paste = reading.find(key) if keys.can_be(key) else None
    return None if paste is None or paste.burn else paste


def _message(message: str, *, status: int) -> HttpResponse:
    return _open_to_all(JsonResponse({"message": message}, status=status))


def _open_to_all(response: HttpResponse) -> HttpResponse:
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
