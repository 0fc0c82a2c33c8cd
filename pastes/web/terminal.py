"""Help and programs for terminals: /help.txt, the client, and the pastebinit configuration."""

import json
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from pastes.dialects import plain_forms
from pastes.http import responses
from pastes.http.methods import read_only
from pastes.http.problems import dialect_view
from pastes.rules.lifetimes import LIFETIMES

_PASTEBINIT_CONF = Path(__file__).resolve().parents[2] / "client" / "pastebin.d" / "pasteur.conf"


@read_only
def help_text(request: HttpRequest) -> HttpResponse:
    """Return instructions for pasting with curl that contain the URL of this site."""
    context = {
        "title": settings.PASTEUR_TITLE,
        "site": responses.site_url(request),
        "lifetimes": " ".join(LIFETIMES),
        "max_bytes": settings.PASTEUR_MAX_BYTES,
    }
    return HttpResponse(render_to_string("pastes/help.txt", context), content_type="text/plain; charset=utf-8")


@read_only
@dialect_view(plain_forms.PASTEBINIT)
def pastebinit(request: HttpRequest) -> HttpResponse:
    """Return the pastebinit configuration for this site."""
    url = urlsplit(responses.site_url(request))
    text = _PASTEBINIT_CONF.read_text(encoding="utf-8").replace("paste.example.org", url.netloc + url.path)
    if url.scheme == "http":  # pastebinit treats any value of this key as true.
        text = text.replace("https = True\n", "")
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@read_only
def client(request: HttpRequest) -> HttpResponse:
    """Return the client, a single Python file, with the URL of this site inserted."""
    site = responses.site_url(request)
    source = _client_source().replace('\nSERVER = ""\n', f"\nSERVER = {json.dumps(site)}\n", 1)
    return responses.raw_or_not_modified(request, source)


@cache
def _client_source() -> str:
    return (settings.BASE_DIR / "client" / "pasteur").read_text(encoding="utf-8")
