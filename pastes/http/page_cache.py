"""A cache of rendered paste pages, for a minute and in each process: rendering is most of the cost of a read.

The paste's row is read on every request. The cache key covers everything that the page shows, so a page that no longer
matches the row is never served.
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

#: Longer pages are not cached: few of them are read often, and each process has a cache of its own.
MAX_BYTES = 64 * 1024

_FIELDS = [field.attname for field in Paste._meta.concrete_fields]  # noqa: SLF001  (Django's documented API)
_CACHE = caches["pages"]


def render_cached(request: HttpRequest, paste: Paste, copy: Copy, render: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the page of a paste from the cache or from `render`, or 304 when If-None-Match names its ETag.

    The page is shared between readers: `render` may depend on the paste and its files, the copy, the URL and the
    language, and on nothing else.
    """
    key = _digest(repr((_paste_values(paste), copy, _request_values(request))).encode())
    entry: tuple[str, bytes] | None = _CACHE.get(key)
    if entry is None:
        body = render().content
        entry = f'"{_digest(body)}"', body
        if len(body) <= MAX_BYTES:
            _CACHE.set(key, entry)
    etag, body = entry
    response = HttpResponseNotModified() if responses.matches_etag(request, etag) else HttpResponse(body)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "no-cache"
    return response


def _paste_values(paste: Paste) -> tuple[object, ...]:
    files = [(file.name, file.language, file.size_bytes, file.oid) for file in paste.files]
    return *(getattr(paste, name) for name in _FIELDS), files


def _request_values(request: HttpRequest) -> tuple[object, ...]:
    return request.scheme, request.get_host(), request.get_full_path(), get_language()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def clear(**kwargs: Any) -> None:
    """Empty the cache: a setting has changed, which happens only in tests."""
    _CACHE.clear()


setting_changed.connect(clear)
