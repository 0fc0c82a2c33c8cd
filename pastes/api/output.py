"""Turns rows into what the API answers."""

from typing import Any

from django.http import HttpRequest

from pastes.api.schemas import CopyOut, FileOut, PasteFacts, PasteOut
from pastes.http import responses
from pastes.lifecycle import mirror_copy
from pastes.models import File, Paste


def paste(request: HttpRequest, paste: Paste, mirror: CopyOut) -> PasteOut:
    """Return a paste with its files, unless it burns after reading."""
    return PasteOut(**paste_dict(request, paste, mirror))


def paste_dict(request: HttpRequest, paste: Paste, mirror: CopyOut) -> dict[str, Any]:
    """Return the same as plain values, for where looking at each of them once more would cost as much as finding them.

    The tests hold it to what the API says of itself.
    """
    site = responses.absolute_url(request, "")
    files = [] if paste.burn else [_file(site, paste, one) for one in paste.files]
    return _facts(site, paste) | {"mirror": {"state": mirror.state, "commit": mirror.commit}, "files": files}


def summary(request: HttpRequest, paste: Paste) -> PasteFacts:
    """Return a paste without its files."""
    return PasteFacts(**_facts(responses.absolute_url(request, ""), paste))


def copy(paste: Paste) -> CopyOut:
    """Return where a paste stands in the mirror."""
    found = mirror_copy.of(paste)
    return CopyOut(state=found.state, commit=found.commit or None)


def file(request: HttpRequest, paste: Paste, one: File) -> FileOut:
    """Return a file of the current revision."""
    return FileOut(**_file(responses.absolute_url(request, ""), paste, one))


def _file(site: str, paste: Paste, one: File) -> dict[str, Any]:
    names = ("name", "language", "size_bytes", "oid", "content")
    facts = {name: getattr(one, name) for name in names}
    return facts | {"raw_url": site + one.raw_path(paste.key)}


def _facts(site: str, paste: Paste) -> dict[str, Any]:
    names = ("key", "title", "author", "comment", "visibility", "burn", "encrypted", "created_at", "expires_at")
    return {name: getattr(paste, name) for name in names} | {
        "url": site + paste.get_absolute_url(),
        "forked_from": paste.forked_from or None,
        "revision": paste.head,
    }
