"""One screen of text for who sits in front of a terminal, and the program that does more than curl."""

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
from pastes.http.problems import switchable
from pastes.rules.lifetimes import LIFETIMES

_FOR_PASTEBINIT = Path(__file__).resolve().parents[2] / "client" / "pastebin.d" / "pasteur.conf"


@read_only
def help_text(request: HttpRequest) -> HttpResponse:
    """How to paste with curl, with the site's own address in every line."""
    context = {
        "title": settings.PASTEUR_TITLE,
        "site": responses.address(request, "/").rstrip("/"),
        "lifetimes": " ".join(LIFETIMES),
        "most_bytes": settings.PASTEUR_MAX_BYTES,
    }
    return HttpResponse(render_to_string("pastes/help.txt", context), content_type="text/plain; charset=utf-8")


@read_only
@switchable(plain_forms.PASTEBINIT)
def pastebinit(request: HttpRequest) -> HttpResponse:
    """What pastebinit has to know about this site: the file that is shipped, with the site's own address."""
    address = urlsplit(responses.address(request, "/"))
    text = _FOR_PASTEBINIT.read_text(encoding="utf-8").replace("paste.example.org", address.netloc)
    if address.scheme == "http":  # Any value at all is a yes there.
        text = text.replace("https = True\n", "")
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@read_only
def client(request: HttpRequest) -> HttpResponse:
    """The client, a single file of Python, with the site's own address in it."""
    site = responses.address(request, "/").rstrip("/")
    return responses.unless_known(request, _client().replace('\nSERVER = ""\n', f"\nSERVER = {json.dumps(site)}\n", 1))


@cache
def _client() -> str:
    return (settings.BASE_DIR / "client" / "pasteur").read_text(encoding="utf-8")
