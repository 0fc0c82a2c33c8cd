"""What the site answers on its port for plain HTTP while it serves HTTPS itself: the authority, monitors, redirects."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from pasteur_site.certificates import certbot

_CHALLENGE = re.compile(r"/\.well-known/acme-challenge/([A-Za-z0-9_-]{1,200})")
#: Monitors on this machine need no certificate for its own name.
_HEALTH_PATH = "/healthz"


class PlainHttpMiddleware:
    """A WSGI application in front of the site, which passes on requests over HTTPS only, and health checks."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ["wsgi.url_scheme"] == "https" or path.removeprefix(settings.FORCE_SCRIPT_NAME) == _HEALTH_PATH:
            response: Iterable[bytes] = self._application(environ, start_response)
            return response
        if match := _CHALLENGE.fullmatch(path):
            return _challenge(match[1], start_response)
        return _redirect(environ, start_response)


def _challenge(token: str, start_response: Any) -> Iterable[bytes]:
    """Answer the authority with the file that certbot has put there."""
    try:
        content = (certbot.webroot() / ".well-known" / "acme-challenge" / token).read_bytes()
    except OSError:
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"There is no such challenge.\n"]
    start_response("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "no-store")])
    return [content]


def _redirect(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Send readers to the same address over HTTPS. What others have sent was readable on its way: 308, as RFC 9110."""
    parts = urlsplit(settings.PASTEUR_URL)
    target = environ.get("RAW_URI", "/")
    if not target.startswith("/"):  # The absolute form, as proxies send it, or the asterisk of OPTIONS.
        absolute = urlsplit(target)
        target = (absolute.path or "/") + (f"?{absolute.query}" if absolute.query else "")
    address = f"{parts.scheme}://{parts.netloc}{target if target.startswith('/') else '/'}"
    is_read = environ["REQUEST_METHOD"] in {"GET", "HEAD"}
    status = "301 Moved Permanently" if is_read else "308 Permanent Redirect"
    body = f"{'' if is_read else 'Nothing was stored. '}This site is at {parts.scheme}://{parts.netloc}/\n".encode()
    headers = [("Location", address), ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
