"""The pages of pastes as they were rendered, kept for a minute in each process: rendering is most of what a read costs.

The row is read for every request, and a page is found again only as long as all that it shows is as it was.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from django.core.cache import caches
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.translation import get_language

from pastes.http import responses
from pastes.lifecycle.mirror_copy import Copy
from pastes.models import Paste

#: A longer page is rendered for everyone: few are read often, and the memory is every reader's.
MOST_BYTES = 64 * 1024

_FIELDS = [field.attname for field in Paste._meta.concrete_fields]  # noqa: SLF001  (Django's documented API)
_KEPT = caches["pages"]


def of(request: HttpRequest, paste: Paste, copy: Copy, render: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the page of a paste, rendered only where it is not kept, or 304 when the caller has it.

    What is rendered may depend on the paste and its files, the copy, the address and the language of the reader: on
    nothing else, since it is shown to others.
    """
    facts = _digest(repr((_facts(paste), copy, _asked(request))).encode())
    found: tuple[str, bytes] | None = _KEPT.get(facts)
    if found is None:
        body = render().content
        found = f'"{_digest(body)}"', body
        if len(body) <= MOST_BYTES:
            _KEPT.set(facts, found)
    etag, body = found
    response = HttpResponseNotModified() if responses.knows(request, etag) else HttpResponse(body)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "no-cache"
    return response


def _facts(paste: Paste) -> tuple[object, ...]:
    files = [(file.name, file.language, file.size_bytes, file.oid) for file in paste.files]
    return *(getattr(paste, name) for name in _FIELDS), files


def _asked(request: HttpRequest) -> tuple[object, ...]:
    return request.scheme, request.get_host(), request.get_full_path(), get_language()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def forget(**kwargs: Any) -> None:
    """Render all pages anew: a setting has changed, as happens in tests alone."""
    _KEPT.clear()


setting_changed.connect(forget)
