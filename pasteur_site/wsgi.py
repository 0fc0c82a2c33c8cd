"""The web process, as gunicorn loads it. It needs neither Git, nor the deploy key, nor a broker."""

from functools import lru_cache
from typing import Any

from pasteur_site.startup import load_settings

load_settings()

import django  # noqa: E402  (settings come first)
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest  # noqa: E402
from django.core.signals import request_started  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402
from django.http.multipartparser import MultiPartParserError  # noqa: E402

from pastes.http import header_parameters  # noqa: E402
from pasteur_site.web_server.body_limit import BoundedBodies  # noqa: E402


class Request(WSGIRequest):
    """A request whose query and form are UTF-8, whatever its header says.

    Django would use any codec that Python knows, `rot13` among them, and fail before a view could say so.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = _parsed(meta.get("CONTENT_TYPE", ""))

    def parse_file_upload(self, META: Any, post_data: Any) -> Any:  # noqa: N803  (Django calls it so)
        """Return the fields and files of a form. Raises MultiPartParserError, also where Django lets others through."""
        try:
            return super().parse_file_upload(META, post_data)
        except TypeError as error:  # See pastes.parameters.
            raise MultiPartParserError(str(error)) from None


@lru_cache(maxsize=64)
def _parsed(content_type: str) -> tuple[str, dict[str, str]]:
    """Return the type and its parameters, which nobody changes; taking them apart takes as long as a small query.

    What cannot be understood is of a type that no view takes.
    """
    try:
        return header_parameters.parse(content_type)
    except ValueError:
        return "unreadable", {}


class Handler(WSGIHandler):
    """Django's handler with our requests."""

    request_class = Request


django.setup(set_prefix=False)
if connection.vendor == "postgresql":
    from pasteur_site import postgresql_timeouts  # SQLite runs without its library.

    connection_created.connect(postgresql_timeouts.limit_waiting, dispatch_uid="pasteur.limit_waiting")
    request_started.connect(postgresql_timeouts.trust_fresh, dispatch_uid="pasteur.trust_fresh")
application = BoundedBodies(Handler())
