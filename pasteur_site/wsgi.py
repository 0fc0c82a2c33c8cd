"""The web process, as gunicorn loads it. It needs neither Git, nor the deploy key, nor a broker."""

from typing import Any

from pasteur_site.entry import load_settings

load_settings()

import django  # noqa: E402  (settings come first)
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest  # noqa: E402
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402
from django.utils.http import parse_header_parameters  # noqa: E402

from pasteur_site.bodies import BoundedBodies  # noqa: E402


def limit_waiting(sender: object, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Let no visitor wait for a frozen or locked PostgreSQL longer than five seconds; commands may take their time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '5s'; SET lock_timeout = '5s'")


class Request(WSGIRequest):
    """A request whose query and form are UTF-8, whatever its header says.

    Django would use any codec that Python knows, `rot13` among them, and fail before a view could say so.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class Handler(WSGIHandler):
    """Django's handler with our requests."""

    request_class = Request


django.setup(set_prefix=False)
connection_created.connect(limit_waiting, dispatch_uid="pasteur.limit_waiting")
application = BoundedBodies(Handler())
