"""The hastebin protocol: text posted to /documents returns JSON, and /raw/{key} returns the text.

See https://github.com/toptal/haste-server for its URLs. A key may have a file extension, from which hastebin's pages
derive the language.
"""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_body, request_forms, responses
from pastes.http.problems import Problem
from pastes.lifecycle import reading
from pastes.lifecycle.draft import Draft, NewFile
from pastes.lifecycle.writing import publish
from pastes.models import Paste

NAME = "hastebin"
_MESSAGES = {"too_large": "Document exceeds maximum length.", "not_found": "Document not found."}


@problems.error_format(NAME, problems.below("/documents", "/raw/"))
def format_problem(problem: Problem) -> HttpResponse:
    """Format a problem as `{"message": ...}`."""
    message = _MESSAGES.get(problem.code, problem.message)
    return JsonResponse({"message": message}, status=problem.plain_status)


@require_POST
@problems.dialect_view(NAME)
def create(request: HttpRequest) -> HttpResponse:
    """Publish the body, or the field `data` of a multipart form, and return the key."""
    paste_options.refuse_all(request)
    paste = publish(Draft(files=[NewFile(_text(request))]))
    return responses.with_edit_token(JsonResponse({"key": paste.key}), paste)


@require_safe
@problems.dialect_view(NAME)
def document(request: HttpRequest, name: str) -> HttpResponse:
    """Return the content of a paste and its key as JSON."""
    paste = _paste(name)
    return JsonResponse({"data": responses.join_files(paste.files), "key": paste.key})


@require_safe
@problems.dialect_view(NAME)
def raw(request: HttpRequest, name: str) -> HttpResponse:
    """Return the content of a paste as text."""
    return responses.raw_or_not_modified(request, responses.join_files(_paste(name).files))


def _text(request: HttpRequest) -> str:
    """Return the text to publish. A URL-encoded content type is ignored because curl also sends it with raw text."""
    if request.content_type != request_forms.MULTIPART:
        return request_body.text(request)
    parts = request_forms.multipart(request).texts()
    if unknown := set(parts) - {"data"}:
        name = min(unknown)[:50]
        raise RefusedError("unknown_field", f"Unknown field: {name!r}.", field=name)
    data = parts.getlist("data")
    if len(data) != 1:
        raise RefusedError("missing_field", "Send the text as a single field called data.", field="data")
    return data[0]


def _paste(name: str) -> Paste:
    """Return the paste with the given key. Raise Http404, also if it burns after reading: a GET must not burn it."""
    paste = reading.find(name.partition(".")[0])
    if paste is None or paste.burn:
        raise Http404
    return paste
