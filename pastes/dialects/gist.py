"""GitHub's gist API (https://docs.github.com/rest/gists/gists): create, read, update, delete.

`Authorization: token ...` accepts an API token of the site or the edit token of a paste, which the response to its
creation contains as `X-Pasteur-Token`.
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
_TEXT, _TEXT_OR_NULL, _FLAG = (str,), (str, type(None)), (bool,)


@problems.error_format(NAME, problems.below(PREFIX))
def format_problem(problem: Problem) -> HttpResponse:
    """Format a problem as `{"message": ...}`, adding the field if there is one."""
    body: dict[str, Any] = {"message": "Not Found" if problem.code == "not_found" else problem.message}
    if problem.field:
        body["errors"] = [{"resource": "Gist", "field": problem.field, "code": problem.code}]
    return JsonResponse(body, status=409 if problem.code == "conflict" else problem.status)


@require_POST
@problems.dialect_view(NAME)
def create(request: HttpRequest) -> HttpResponse:
    """Publish the files and return a 201 response with the gist, and its URL in `Location`."""
    paste_options.refuse_all(request)
    body = json_fields.validate(
        request_body.json_object(request, require_type=False),
        object_name="The gist",
        required={"files": (dict,)},
        optional={"description": _TEXT_OR_NULL, "public": _FLAG},
    )
    files = [NewFile(_content(file), name=name) for name, file in body["files"].items()]
    public = Visibility.PUBLIC if body.get("public") else Visibility.UNLISTED
    paste = writing.publish(Draft(files, title=body.get("description") or "", visibility=public))
    gist = _serialize(request, paste)
    response = JsonResponse(gist, status=201)
    response.headers["Location"] = gist["url"]
    return responses.with_edit_token(response, paste)


@problems.dialect_view(NAME)
def detail(request: HttpRequest, name: str) -> HttpResponse:
    """Return a gist on GET, update it on PATCH or POST, or delete it on DELETE."""
    if request.method in {"GET", "HEAD"}:
        return JsonResponse(_serialize(request, _readable(reading.find(name))))
    if request.method in {"PATCH", "POST"}:
        return _update(request, _readable(reading.find_to_change(name)))
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
    """Update the given files and fields: null deletes a file, a new name adds one, and `filename` renames one."""
    edit_tokens.demand(paste, _token(request))
    body = json_fields.validate(
        request_body.json_object(request, require_type=False),
        object_name="The gist",
        optional={"files": (dict,), "description": _TEXT_OR_NULL, "public": _FLAG},
    )
    changes = body.get("files", {})
    files = [
        _updated(file, changes.get(file.name, {})) for file in paste.files if changes.get(file.name, {}) is not None
    ]
    names = {file.name for file in paste.files}
    if missing := [name for name, file in changes.items() if name not in names and file is None]:
        raise RefusedError("name", f"There is no file called {missing[0][:50]!r}.", field="files")
    files += [NewFile(_content(file), name=name) for name, file in changes.items() if name not in names]
    public = {True: Visibility.PUBLIC, False: Visibility.UNLISTED, None: None}[body.get("public")]
    try:
        paste = writing.revise(
            paste, files, expected=paste.head, title=body.get("description"), visibility=public and public.value
        )
    except Paste.DoesNotExist:
        raise Http404 from None
    return JsonResponse(_serialize(request, paste))


def _updated(file: File, change: object) -> NewFile:
    """Return a file with a change applied: new content, or a new name, which also determines the language."""
    fields = json_fields.validate(change, object_name="A file", optional={"content": _TEXT, "filename": _TEXT_OR_NULL})
    name = fields.get("filename") or file.name
    language = file.language if name == file.name else ""
    return NewFile(fields.get("content", file.content), name, language)


def _content(file: object) -> str:
    content: str = json_fields.validate(file, object_name="A file", required={"content": _TEXT})["content"]
    return content


def _readable(paste: Paste | None) -> Paste:
    """Return the paste. Raise Http404 if it is None or burns after reading, since a GET must not burn it."""
    if paste is None or paste.burn:
        raise Http404
    return paste


def _token(request: HttpRequest) -> str:
    return api_tokens.read(request) or request.headers.get(responses.TOKEN_HEADER, "")


def _serialize(request: HttpRequest, paste: Paste) -> dict[str, Any]:
    site = responses.absolute_url(request, "")
    url = f"{responses.site_url(request)}{PREFIX}/{paste.key}"
    updated_at = paste.revisions.filter(number=paste.head).values_list("created_at", flat=True).get()
    return {
        "url": url,
        "id": paste.key,
        "html_url": site + paste.get_absolute_url(),
        "files": {file.name: _serialize_file(site, paste, file) for file in paste.files},
        "public": paste.visibility == Visibility.PUBLIC,
        "created_at": f"{paste.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{updated_at:%Y-%m-%dT%H:%M:%SZ}",
        "description": paste.title or None,
        "comments": 0,
        "owner": None,
        "user": None,
        "truncated": False,
    }


def _serialize_file(site: str, paste: Paste, file: File) -> dict[str, Any]:
    return {
        "filename": file.name,
        "type": "text/plain",
        "language": file.label,
        "raw_url": site + file.raw_path(paste.key),
        "size": file.size_bytes,
        "truncated": False,
        "content": file.content,
    }
