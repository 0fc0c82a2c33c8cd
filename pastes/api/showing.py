"""Turns rows into what the API answers."""

from typing import Any

from django.http import HttpRequest

from pastes import answers, copies
from pastes.api.shapes import CopyOut, FileOut, PasteFacts, PasteOut
from pastes.models import File, Paste


def whole(request: HttpRequest, paste: Paste, mirror: CopyOut) -> PasteOut:
    """Return a paste with its files, unless it burns after reading."""
    files = [] if paste.burn else [file(request, paste, one) for one in paste.files]
    return PasteOut(**_facts(request, paste), mirror=mirror, files=files)


def facts(request: HttpRequest, paste: Paste) -> PasteFacts:
    """Return a paste without its files."""
    return PasteFacts(**_facts(request, paste))


def copy(paste: Paste) -> CopyOut:
    """Return where a paste stands in the mirror."""
    found = copies.of(paste)
    return CopyOut(state=found.state, commit=found.commit or None)


def file(request: HttpRequest, paste: Paste, one: File) -> FileOut:
    """Return a file of the current revision."""
    return FileOut(
        name=one.name,
        language=one.language,
        size_bytes=one.size_bytes,
        oid=one.oid,
        raw_url=answers.address(request, one.raw_path(paste.key)),
        content=one.content,
    )


def _facts(request: HttpRequest, paste: Paste) -> dict[str, Any]:
    names = ("key", "title", "author", "comment", "visibility", "burn", "encrypted", "created_at", "expires_at")
    return {name: getattr(paste, name) for name in names} | {
        "url": answers.address(request, paste.get_absolute_url()),
        "forked_from": paste.forked_from or None,
        "revision": paste.head,
    }
