"""The WSGI application. It does not need Git, the deploy key or a broker."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pasteur_site.startup import load_settings

load_settings()

import django  # noqa: E402  (settings come first)
from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest  # noqa: E402
from django.core.signals import request_started  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402
from django.http.multipartparser import MultiPartParserError  # noqa: E402

from pastes.http import header_parameters  # noqa: E402
from pasteur_site.web_server.body_limit import BodyLimitMiddleware  # noqa: E402
from pasteur_site.web_server.plain_http import PlainHttpMiddleware  # noqa: E402

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Request(WSGIRequest):
    """A request whose query string and form are decoded as UTF-8, regardless of the charset in its headers.

    Django would use any Python codec, even `rot13`, and fail before a view can respond.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = _parse_content_type(meta.get("CONTENT_TYPE", ""))

    def parse_file_upload(self, META: Any, post_data: Any) -> Any:  # noqa: N803  (the name is Django's)
        """Return the fields and files of a form. Raise MultiPartParserError for any malformed form."""
        try:
            return super().parse_file_upload(META, post_data)
        except TypeError as error:  # Raised by Django for some malformed parameters.
            raise MultiPartParserError(str(error)) from None


@lru_cache(maxsize=64)
def _parse_content_type(content_type: str) -> tuple[str, dict[str, str]]:
    """Return the media type and its parameters, which callers must not modify. Cached, as parsing is slow.

    If the type is malformed, return "unreadable", which no view accepts.
    """
    try:
        return header_parameters.parse(content_type)
    except ValueError:
        return "unreadable", {}


class Handler(WSGIHandler):
    """Django's WSGI handler with our own request class."""

    request_class = Request

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Serve paths with or without the path of PASTEUR_URL, since reverse proxies may pass on either."""
        prefix, path = settings.FORCE_SCRIPT_NAME, environ.get("PATH_INFO", "")
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            environ["PATH_INFO"] = path.removeprefix(prefix) or "/"
        return super().__call__(environ, start_response)


django.setup(set_prefix=False)
if connection.vendor == "postgresql":
    from pasteur_site.web_server import postgresql_timeouts  # Imports psycopg, which SQLite does not need.

    connection_created.connect(postgresql_timeouts.set_timeouts, dispatch_uid="pasteur.set_timeouts")
    request_started.connect(postgresql_timeouts.skip_health_check, dispatch_uid="pasteur.skip_health_check")
application: Any = BodyLimitMiddleware(Handler())
if settings.PASTEUR_HTTPS:
    application = PlainHttpMiddleware(application)
