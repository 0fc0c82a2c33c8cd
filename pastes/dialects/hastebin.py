"""The wire format of hastebin: raw text to /documents, JSON out, and the same text at /raw/{key}.

https://github.com/toptal/haste-server has the addresses. A key may come with the ending of a file: the browser there
picks a language by it.
"""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_body, responses
from pastes.http.problems import Problem
from pastes.lifecycle import reading
from pastes.lifecycle.draft import Draft, NewFile
from pastes.lifecycle.writing import publish
from pastes.models import Paste

NAME = "hastebin"
_ITS_WORDS = {"too_large": "Document exceeds maximum length.", "not_found": "Document not found."}


@problems.tells(NAME, problems.at("/documents", "/raw/"))
def problem(problem: Problem) -> HttpResponse:
    """Tell a problem as `{"message": ...}`."""
    message = _ITS_WORDS.get(problem.code, problem.message)
    return JsonResponse({"message": message}, status=problem.plain_status)


@require_POST
@problems.switchable(NAME)
def create(request: HttpRequest) -> HttpResponse:
    """Publish the body, or the field `data` of a multipart form; answers 200 and the key."""
    paste_options.refuse(request)
    paste = publish(Draft(files=[NewFile(_text(request))]))
    return responses.with_token(JsonResponse({"key": paste.key}), paste)


@require_safe
@problems.switchable(NAME)
def document(request: HttpRequest, name: str) -> HttpResponse:
    """The text of a paste, with its key, as JSON."""
    paste = _paste(name)
    return JsonResponse({"data": responses.in_one(paste.files), "key": paste.key})


@require_safe
@problems.switchable(NAME)
def raw(request: HttpRequest, name: str) -> HttpResponse:
    """The text of a paste alone."""
    return responses.unless_known(request, responses.in_one(_paste(name).files))


def _text(request: HttpRequest) -> str:
    """Return what was sent. curl labels a text as a form that it is not, so that the label means nothing."""
    if request.content_type != "multipart/form-data":
        return request_body.any_text(request)
    fields, files = request_body.form(request)
    parts = request_body.fields_by_name(fields, files)
    if unknown := set(parts) - {"data"}:
        shown = min(unknown)[:50]
        raise RefusedError("unknown_field", f"There is no field called {shown!r}.", field=shown)
    data = parts.getlist("data")
    if len(data) != 1:
        raise RefusedError("missing_field", "Send the text as data, once.", field="data")
    return data[0]


def _paste(name: str) -> Paste:
    """Return the paste of a key; one that burns is not read by looking at an address. Raises Http404."""
    paste = reading.find(name.partition(".")[0])
    if paste is None or paste.burn:
        raise Http404
    return paste
