"""An API in the shape of GitHub's gists (https://docs.github.com/rest/gists/gists): made, read, updated, deleted.

The edit token of a paste, given as `X-Pasteur-Token` when it is made, comes back as `Authorization: token ...`; so may
an API token of the site.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.http import require_POST

from pastes.access import api_tokens, edit_tokens
from pastes.dialects import json_fields
from pastes.errors import RefusedError
from pastes.http import paste_options, problems, request_body, responses
from pastes.http.problems import Problem
from pastes.lifecycle import reading, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste, Visibility

NAME = "gist"
PREFIX = "/api/v3/gists"
_NOTHING = type(None)
_TEXT, _MAYBE_TEXT, _FLAG = (str,), (str, _NOTHING), (bool,)


@problems.tells(NAME, problems.at(PREFIX))
def problem(problem: Problem) -> HttpResponse:
    """Tell a problem as `{"message": ...}`, with the field where there is one."""
    facts: dict[str, Any] = {"message": "Not Found" if problem.code == "not_found" else problem.message}
    if problem.field:
        facts["errors"] = [{"resource": "Gist", "field": problem.field, "code": problem.code}]
    return JsonResponse(facts, status=409 if problem.code == "conflict" else problem.status)


@require_POST
@problems.switchable(NAME)
def create(request: HttpRequest) -> HttpResponse:
    """Publish the files; answers 201 with the gist and its address in `Location`."""
    paste_options.refuse(request)
    sent = json_fields.of(
        request_body.json_object(request, labelled=False),
        where="The gist",
        required={"files": (dict,)},
        optional={"description": _MAYBE_TEXT, "public": _FLAG},
    )
    files = [NewFile(_content(file), name=name) for name, file in sent["files"].items()]
    public = Visibility.PUBLIC if sent.get("public") else Visibility.UNLISTED
    paste = writing.publish(Draft(files, title=sent.get("description") or "", visibility=public))
    facts = _shown(request, paste)
    response = JsonResponse(facts, status=201)
    response.headers["Location"] = facts["url"]
    return responses.with_token(response, paste)


@problems.switchable(NAME)
def one(request: HttpRequest, name: str) -> HttpResponse:
    """GET, update with PATCH or POST, or DELETE one gist."""
    if request.method in {"GET", "HEAD"}:
        return JsonResponse(_shown(request, _found(reading.find(name))))
    if request.method in {"PATCH", "POST"}:
        return _update(request, _found(reading.find_to_change(name)))
    if request.method == "DELETE":
        paste = reading.find_to_change(name)
        if paste is None:
            raise Http404
        edit_tokens.demand(paste, _token(request), deleting=True)
        if not writing.remove(paste):
            raise Http404
        return HttpResponse(status=204)
    return HttpResponseNotAllowed(["GET", "HEAD", "POST", "PATCH", "DELETE"])


def _update(request: HttpRequest, paste: Paste) -> HttpResponse:
    """Change what is given; a file that is null is deleted, one that is new is added, and one may be renamed."""
    edit_tokens.demand(paste, _token(request))
    sent = json_fields.of(
        request_body.json_object(request, labelled=False),
        where="The gist",
        optional={"files": (dict,), "description": _MAYBE_TEXT, "public": _FLAG},
    )
    given = sent.get("files", {})
    files = [_updated(file, given.get(file.name, {})) for file in paste.files if given.get(file.name, {}) is not None]
    known = {file.name for file in paste.files}
    if missing := [name for name, file in given.items() if name not in known and file is None]:
        raise RefusedError("name", f"There is no file called {missing[0][:50]!r}.", field="files")
    files += [NewFile(_content(file), name=name) for name, file in given.items() if name not in known]
    public = {True: Visibility.PUBLIC, False: Visibility.UNLISTED, None: None}[sent.get("public")]
    try:
        paste = writing.revise(
            paste, files, expected=paste.head, title=sent.get("description"), visibility=public and public.value
        )
    except Paste.DoesNotExist:
        raise Http404 from None
    return JsonResponse(_shown(request, paste))


def _updated(file: File, change: object) -> NewFile:
    """Return a file with its change: another content, or another name, which then tells the language."""
    sent = json_fields.of(change, where="A file", optional={"content": _TEXT, "filename": _MAYBE_TEXT})
    name = sent.get("filename") or file.name
    language = file.language if name == file.name else ""
    return NewFile(sent.get("content", file.content), name, language)


def _content(file: object) -> str:
    content: str = json_fields.of(file, where="A file", required={"content": _TEXT})["content"]
    return content


def _found(paste: Paste | None) -> Paste:
    """Return a paste whose text may be shown; one that burns is not read by looking at an address. Raises Http404."""
    if paste is None or paste.burn:
        raise Http404
    return paste


def _token(request: HttpRequest) -> str:
    return api_tokens.sent(request) or request.headers.get(responses.TOKEN_HEADER, "")


def _shown(request: HttpRequest, paste: Paste) -> dict[str, Any]:
    at = responses.address(request, "/").rstrip("/")
    url = f"{at}{PREFIX}/{paste.key}"
    edited = paste.revisions.filter(number=paste.head).values_list("created_at", flat=True).get()
    return {
        "url": url,
        "id": paste.key,
        "html_url": at + paste.get_absolute_url(),
        "files": {file.name: _file(at, paste, file) for file in paste.files},
        "public": paste.visibility == Visibility.PUBLIC,
        "created_at": f"{paste.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{edited:%Y-%m-%dT%H:%M:%SZ}",
        "description": paste.title or None,
        "comments": 0,
        "owner": None,
        "user": None,
        "truncated": False,
    }


def _file(at: str, paste: Paste, file: File) -> dict[str, Any]:
    return {
        "filename": file.name,
        "type": "text/plain",
        "language": file.label,
        "raw_url": at + file.raw_path(paste.key),
        "size": file.size_bytes,
        "truncated": False,
        "content": file.content,
    }
