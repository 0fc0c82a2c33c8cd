"""A per-process cache of rendered paste pages. Rendering accounts for most of the cost of a read.

Pages are cached for a minute, but the paste is still loaded on every request. The cache key covers everything that the
page shows, so an outdated page is never served.
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

#: Larger pages are not cached: few of them are read often, and every process has its own cache.
MAX_BYTES = 64 * 1024

_FIELDS = [field.attname for field in Paste._meta.concrete_fields]  # noqa: SLF001  (Django's documented API)
_CACHE = caches["pages"]


def render_cached(request: HttpRequest, paste: Paste, copy: Copy, render: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the page of a paste from the cache or from `render`, or a 304 response if If-None-Match contains its ETag.

    The page is shared between readers, so `render` may only depend on the paste and its files, the copy, the URL and
    the language.
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
    """Clear the cache when a setting changes, which only happens in tests."""
    _CACHE.clear()


setting_changed.connect(clear)
