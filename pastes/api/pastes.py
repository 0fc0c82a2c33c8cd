"""Operations on a single paste: create, read, edit, fork, burn, delete."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from ninja import Body, Header
from ninja.responses import Status

from pastes.access import login
from pastes.api import output
from pastes.api.common import (
    READ_ERRORS,
    WRITE_ERRORS,
    Key,
    Router,
    Token,
    find,
    find_owned,
    not_found,
    response_schemas,
)
from pastes.api.schemas import (
    ChangeIn,
    CopyOut,
    FileIn,
    FileOut,
    ForkIn,
    PasteCreated,
    PasteIn,
    PasteOut,
    ReplaceIn,
)
from pastes.errors import RefusedError
from pastes.http import responses
from pastes.lifecycle import idempotency, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste, State
from pastes.rules import lifetimes

router = Router(tags=["pastes"])

_EDIT_ERRORS = WRITE_ERRORS | {412, 428}
_DEFAULT_FORK = ForkIn()

IfMatch = Annotated[str, Header(alias="If-Match", description="The ETag of the revision to replace, or *.")]
#: Only documented here: having Ninja parse it would add 10% to the cost of a read.
_IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "schema": {"type": "string", "default": "", "title": "If-None-Match"},
    "required": False,
    "description": "The ETag of an earlier response.",
}
#: Only documented here: lifecycle/idempotency.py validates it and reports its own error code.
_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {
        "type": "string",
        "pattern": f"^[{idempotency.LETTERS}]+$",
        "minLength": idempotency.SHORTEST,
        "maxLength": idempotency.LONGEST,
        "title": "Idempotency-Key",
    },
    "required": False,
    "description": "Random characters; a repeated request with the same key returns the same paste.",
}
_IDEMPOTENT = {"parameters": [_IDEMPOTENCY_KEY]}


@router.post("", response=response_schemas(201, PasteCreated, WRITE_ERRORS), openapi_extra=_IDEMPOTENT)
def create(request: HttpRequest, response: HttpResponse, paste: PasteIn) -> Status[PasteCreated]:
    """Create a paste."""
    draft = Draft(
        files=_files(paste.files),
        title=paste.title,
        author=paste.author,
        comment=paste.comment,
        visibility=paste.visibility,
        lifetime=lifetimes.named(paste.expires).length,
        burn=paste.burn,
        encrypted=paste.encrypted,
    )
    stored = idempotency.publish_once(request.META.get("HTTP_IDEMPOTENCY_KEY"), request.body, draft)
    return _created(request, response, stored)


@router.get(
    "/{key}",
    response={**response_schemas(200, PasteOut, READ_ERRORS), 304: None},
    openapi_extra={"parameters": [_IF_NONE_MATCH]},
)
def read(request: HttpRequest, key: Key) -> HttpResponse:
    """Read a paste."""
    paste = find(key, with_copy=True)
    copy = output.copy(paste)
    response: HttpResponse
    if responses.matches_etag(request, _etag(paste, copy)):
        response = HttpResponseNotModified()
    else:
        body = output.paste_dict(request, paste, copy)
        response = JsonResponse(body, content_type="application/json; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    _add_headers(response, paste, copy)
    return response


@router.put("/{key}", response=response_schemas(200, PasteOut, _EDIT_ERRORS))
def replace(
    request: HttpRequest, response: HttpResponse, key: Key, edit: ReplaceIn, token: Token = "", if_match: IfMatch = ""
) -> PasteOut:
    """Replace the files and fields of a paste. Its URL does not change, and the old revision remains readable."""
    return _revise(request, response, find_owned(key, token), edit, if_match)


@router.patch("/{key}", response=response_schemas(200, PasteOut, _EDIT_ERRORS))
def change(
    request: HttpRequest, response: HttpResponse, key: Key, edit: ChangeIn, token: Token = "", if_match: IfMatch = ""
) -> PasteOut:
    """Change some fields of a paste."""
    return _revise(request, response, find_owned(key, token), edit, if_match)


@router.delete("/{key}", response=response_schemas(204, None, READ_ERRORS | {412}))
def delete(request: HttpRequest, key: Key, token: Token = "", if_match: IfMatch = "") -> Status[None]:
    """Erase a paste. If If-Match is given, only do so if it matches the current revision."""
    paste = find_owned(key, token, deleting=True)
    if not writing.remove(paste, expected=responses.revision_from_if_match(if_match, paste.head)):
        raise not_found()
    return Status(204, None)


@router.post(
    "/{key}/fork",
    response=response_schemas(201, PasteCreated, WRITE_ERRORS),
    openapi_extra={"parameters": [_IDEMPOTENCY_KEY]},
)
def fork(
    request: HttpRequest, response: HttpResponse, key: Key, options: Annotated[ForkIn, Body()] = _DEFAULT_FORK
) -> Status[PasteCreated]:
    """Create a paste from the current content of another paste."""
    login.refuse_foreign_form(request)
    idempotency_key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    publish = partial(idempotency.publish_once, idempotency_key, f"fork {key} ".encode() + request.body)
    lifetime = None if options.expires is None else lifetimes.named(options.expires)
    copy = writing.fork(
        find(key),
        author=options.author,
        visibility=options.visibility,
        lifetime=lifetime.length if lifetime else None,
        forever=lifetime == lifetimes.NEVER,
        by=publish,
    )
    return _created(request, response, copy)


@router.post("/{key}/burn", response=response_schemas(200, list[FileOut], READ_ERRORS))
def burn(request: HttpRequest, response: HttpResponse, key: Key) -> list[FileOut]:
    """Read a paste that burns after reading. Only one caller gets its files, which are then erased."""
    paste = find(key)
    files = writing.burn(paste)
    if files is None:
        raise not_found()
    response.headers["Cache-Control"] = "no-store"
    return [output.file_out(request, paste, file) for file in files]


@router.get("/{key}/mirror", response=response_schemas(200, CopyOut, READ_ERRORS))
def mirror(request: HttpRequest, key: Key) -> CopyOut:
    """Return the state of a paste's copy in the mirror."""
    return output.copy(find(key, with_copy=True))


def _revise(
    request: HttpRequest, response: HttpResponse, paste: Paste, edit: ReplaceIn | ChangeIn, if_match: str
) -> PasteOut:
    try:
        revised = writing.revise(
            paste,
            None if edit.files is None else _files(edit.files),
            expected=_expected(if_match, paste),
            title=edit.title,
            author=edit.author,
            comment=edit.comment,
            visibility=edit.visibility,
        )
    except Paste.DoesNotExist:
        raise not_found() from None
    return _output(request, response, revised)


def _expected(if_match: str, paste: Paste) -> int | None:
    """Return the revision that If-Match requires. Raise RefusedError if the header is missing."""
    if not if_match:
        message = "Send If-Match with the ETag of the revision to replace, or If-Match: * to overwrite any revision."
        raise RefusedError("precondition", message, status=428)
    return responses.revision_from_if_match(if_match, paste.head)


def _created(request: HttpRequest, response: HttpResponse, paste: Paste) -> Status[PasteCreated]:
    response.headers["Location"] = responses.absolute_url(request, paste.get_absolute_url())
    responses.with_edit_token(response, paste)
    return Status(201, PasteCreated(**dict(_output(request, response, paste)), token=paste.token))


def _output(request: HttpRequest, response: HttpResponse, paste: Paste) -> PasteOut:
    copy = output.copy(paste)
    _add_headers(response, paste, copy)
    return output.paste_out(request, paste, copy)


def _add_headers(response: HttpResponse, paste: Paste, copy: CopyOut) -> None:
    """Add the ETag and, if the paste is not published, its state, which is for moderators."""
    response.headers["ETag"] = _etag(paste, copy)
    if paste.state != State.PUBLISHED:
        response.headers["X-Pasteur-State"] = paste.state


def _etag(paste: Paste, copy: CopyOut) -> str:
    return f'"{paste.head}-{copy.commit or copy.state}"'


def _files(files: Sequence[FileIn]) -> list[NewFile]:
    return [NewFile(file.content, file.name, file.language) for file in files]
