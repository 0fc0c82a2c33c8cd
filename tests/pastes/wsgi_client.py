"""Requests to the WSGI application, whose headers Django's test client would normalize."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory

from pasteur_site.wsgi import application


@dataclass(frozen=True)
class Response:
    """A response."""

    status_code: int
    headers: dict[str, str]
    content: bytes


class _Environs(RequestFactory):
    def request(self, **request: Any) -> Any:
        return self._base_environ(**request)  # type: ignore[attr-defined]  # Not in the stubs.


def send(method: str, path: str, body: bytes = b"", *, stream: Any = None, **headers: str) -> Response:
    """Send a request with these headers (such as `content_type="text/plain"`), optionally with a stream as the body."""
    content_type = headers.pop("content_type", "")
    environ: Any = _Environs().generic(
        method, path, body, content_type, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    environ["CONTENT_TYPE"] = content_type
    if stream is not None:
        environ["wsgi.input"] = stream
    started: list[Any] = []
    with _one_connection():
        response: Any = application(environ, lambda *line: started.append(line))
        content = b"".join(response)
        response.close()
    status, lines = started[0][:2]
    return Response(int(status.split()[0]), dict(lines), content)


@contextmanager
def _one_connection() -> Iterator[None]:
    """Keep requests from closing the test's connection, like Django's client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)
