"""One paste: make, read, edit, fork, burn, delete."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from ninja import Body, Header
from ninja.responses import Status

from pastes.api import output
from pastes.api.common import READING, WRITING, Key, Router, Token, answering, find, owned
from pastes.api.schemas import (
    CopyOut,
    FileIn,
    FileOut,
    ForkIn,
    PartialEdit,
    PasteIn,
    PasteMade,
    PasteOut,
    WholeEdit,
)
from pastes.errors import RefusedError
from pastes.http import responses
from pastes.lifecycle import idempotency, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste, State
from pastes.rules import lifetimes

router = Router(tags=["pastes"])

_EDITING = WRITING | {412, 428}
_AS_IT_IS = ForkIn()

IfMatch = Annotated[str, Header(alias="If-Match", description="The ETag of the revision that you have seen, or *.")]
#: Told of here alone: having the library look at it takes a tenth of a read.
_IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "schema": {"type": "string", "default": "", "title": "If-None-Match"},
    "required": False,
    "description": "The ETag of what you have read before.",
}
#: Told of here alone: repeats.py holds a key to it, in words and with a code of its own.
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
    "description": "Random characters: sent again, the same paste is answered.",
}


@router.post("", response=answering(201, PasteMade, WRITING), openapi_extra={"parameters": [_IDEMPOTENCY_KEY]})
def create(request: HttpRequest, response: HttpResponse, paste: PasteIn) -> Status[PasteMade]:
    """Make a paste."""
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
    if (idempotency_key := request.META.get("HTTP_IDEMPOTENCY_KEY")) is not None:
        return _made(request, response, idempotency.publish_once(idempotency_key, request.body, draft))
    return _made(request, response, writing.publish(draft))


@router.get(
    "/{key}",
    response={**answering(200, PasteOut, READING), 304: None},
    openapi_extra={"parameters": [_IF_NONE_MATCH]},
)
def read(request: HttpRequest, key: Key) -> HttpResponse:
    """Read a paste."""
    paste = find(key, with_copy=True)
    copy = output.copy(paste)
    known = responses.matches_etag(request, _etag(paste, copy))
    answer = HttpResponseNotModified() if known else _json(output.paste_dict(request, paste, copy))
    answer.headers["Cache-Control"] = "no-cache"
    _tell(answer, paste, copy)
    return answer


@router.put("/{key}", response=answering(200, PasteOut, _EDITING))
def replace(
    request: HttpRequest, response: HttpResponse, key: Key, edit: WholeEdit, token: Token = "", if_match: IfMatch = ""
) -> PasteOut:
    """Replace files and words of a paste; the address stays, the old revision can still be read."""
    return _edited(request, response, owned(key, token), edit, if_match)


@router.patch("/{key}", response=answering(200, PasteOut, _EDITING))
def change(
    request: HttpRequest, response: HttpResponse, key: Key, edit: PartialEdit, token: Token = "", if_match: IfMatch = ""
) -> PasteOut:
    """Change some of a paste."""
    return _edited(request, response, owned(key, token), edit, if_match)


@router.delete("/{key}", response=answering(204, None, READING | {412}))
def delete(request: HttpRequest, key: Key, token: Token = "", if_match: IfMatch = "") -> Status[None]:
    """Take a paste off the site for good and erase it; with If-Match, only as it was seen."""
    paste = owned(key, token, deleting=True)
    if not writing.remove(paste, expected=responses.revision_from_if_match(if_match, paste.head)):
        raise _gone()
    return Status(204, None)


@router.post(
    "/{key}/fork", response=answering(201, PasteMade, WRITING), openapi_extra={"parameters": [_IDEMPOTENCY_KEY]}
)
def fork(
    request: HttpRequest, response: HttpResponse, key: Key, wanted: Annotated[ForkIn, Body()] = _AS_IT_IS
) -> Status[PasteMade]:
    """Make a paste of what another one holds now."""
    publish: Callable[[Draft], Paste] = writing.publish
    if (idempotency_key := request.META.get("HTTP_IDEMPOTENCY_KEY")) is not None:
        publish = partial(idempotency.publish_once, idempotency_key, f"fork {key} ".encode() + request.body)
    lifetime = None if wanted.expires is None else lifetimes.named(wanted.expires)
    made = writing.fork(
        find(key),
        author=wanted.author,
        visibility=wanted.visibility,
        lifetime=lifetime.length if lifetime else None,
        forever=lifetime == lifetimes.NEVER,
        by=publish,
    )
    return _made(request, response, made)


@router.post("/{key}/burn", response=answering(200, list[FileOut], READING))
def burn(request: HttpRequest, response: HttpResponse, key: Key) -> list[FileOut]:
    """Read a paste that burns after reading: one caller gets its files, and they are erased."""
    paste = find(key)
    files = writing.burn(paste)
    if files is None:
        raise _gone()
    response.headers["Cache-Control"] = "no-store"
    return [output.file(request, paste, file) for file in files]


@router.get("/{key}/mirror", response=answering(200, CopyOut, READING))
def mirror(request: HttpRequest, key: Key) -> CopyOut:
    """Where a paste stands in the mirror."""
    return output.copy(find(key, with_copy=True))


def _edited(
    request: HttpRequest, response: HttpResponse, paste: Paste, edit: WholeEdit | PartialEdit, if_match: str
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
        raise _gone() from None
    return _shown(request, response, revised)


def _expected(if_match: str, paste: Paste) -> int | None:
    """Return what `answers.seen_revision` does. Raises RefusedError when nothing is said."""
    if not if_match:
        message = "Send the ETag of the revision that you have seen as If-Match, or If-Match: * to overwrite any."
        raise RefusedError("precondition", message, status=428)
    return responses.revision_from_if_match(if_match, paste.head)


def _made(request: HttpRequest, response: HttpResponse, paste: Paste) -> Status[PasteMade]:
    response.headers["Location"] = responses.absolute_url(request, paste.get_absolute_url())
    responses.with_edit_token(response, paste)
    return Status(201, PasteMade(**dict(_shown(request, response, paste)), token=paste.token))


def _shown(request: HttpRequest, response: HttpResponse, paste: Paste) -> PasteOut:
    copy = output.copy(paste)
    _tell(response, paste, copy)
    return output.paste(request, paste, copy)


def _json(document: dict[str, Any]) -> HttpResponse:
    return JsonResponse(document, content_type="application/json; charset=utf-8")


def _tell(response: HttpResponse, paste: Paste, copy: CopyOut) -> None:
    """Say in headers which revision it is, and to moderators that it is hidden."""
    response.headers["ETag"] = _etag(paste, copy)
    if paste.state != State.PUBLISHED:
        response.headers["X-Pasteur-State"] = paste.state


def _etag(paste: Paste, copy: CopyOut) -> str:
    return f'"{paste.head}-{copy.commit or copy.state}"'


def _files(files: Sequence[FileIn]) -> list[NewFile]:
    return [NewFile(file.content, file.name, file.language) for file in files]


def _gone() -> RefusedError:
    return RefusedError("not_found", "There is no such paste.", status=404)
