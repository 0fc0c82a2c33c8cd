"""Convert model instances to the API's schemas."""

from typing import Any

from django.http import HttpRequest

from pastes.api.schemas import CopyOut, FileOut, PasteOut, PasteSummary
from pastes.http import responses
from pastes.lifecycle import mirror_copy
from pastes.models import File, Paste


def paste_out(request: HttpRequest, paste: Paste, mirror: CopyOut) -> PasteOut:
    """Return a paste with its files, which are omitted if it burns after reading."""
    return PasteOut(**paste_dict(request, paste, mirror))


def paste_dict(request: HttpRequest, paste: Paste, mirror: CopyOut) -> dict[str, Any]:
    """Return the fields of `paste_out` as a dictionary, since validating them would double the cost of a read.

    The tests check the dictionary against the schema.
    """
    site = responses.absolute_url(request, "")
    files = [] if paste.burn else [_file_fields(site, paste, file) for file in paste.files]
    return _paste_fields(site, paste) | {"mirror": {"state": mirror.state, "commit": mirror.commit}, "files": files}


def summary(request: HttpRequest, paste: Paste) -> PasteSummary:
    """Return a paste without its files."""
    return PasteSummary(**_paste_fields(responses.absolute_url(request, ""), paste))


def copy(paste: Paste) -> CopyOut:
    """Return the state of a paste's copy in the mirror."""
    mirrored = mirror_copy.of(paste)
    return CopyOut(state=mirrored.state, commit=mirrored.commit or None)


def file_out(request: HttpRequest, paste: Paste, file: File) -> FileOut:
    """Return a file of the current revision."""
    return FileOut(**_file_fields(responses.absolute_url(request, ""), paste, file))


def _file_fields(site: str, paste: Paste, file: File) -> dict[str, Any]:
    names = ("name", "language", "size_bytes", "oid", "content")
    return {name: getattr(file, name) for name in names} | {"raw_url": site + file.raw_path(paste.key)}


def _paste_fields(site: str, paste: Paste) -> dict[str, Any]:
    names = ("key", "title", "author", "comment", "visibility", "burn", "encrypted", "created_at", "expires_at")
    return {name: getattr(paste, name) for name in names} | {
        "url": site + paste.get_absolute_url(),
        "forked_from": paste.forked_from or None,
        "revision": paste.head,
    }
