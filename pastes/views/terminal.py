"""One screen of text for who sits in front of a terminal, and the program that does more than curl."""

import json
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from pastes import answers
from pastes.lifetimes import LIFETIMES


@require_safe
def help_text(request: HttpRequest) -> HttpResponse:
    """How to paste with curl, with the site's own address in every line."""
    context = {
        "title": settings.PASTEUR_TITLE,
        "site": answers.address(request, "/").rstrip("/"),
        "lifetimes": " ".join(LIFETIMES),
        "most_bytes": settings.PASTEUR_MAX_BYTES,
    }
    return HttpResponse(render_to_string("pastes/help.txt", context), content_type="text/plain; charset=utf-8")


@require_safe
def client(request: HttpRequest) -> HttpResponse:
    """The client, a single file of Python, with the site's own address in it."""
    site = answers.address(request, "/").rstrip("/")
    return answers.unless_known(request, _client().replace('\nSERVER = ""\n', f"\nSERVER = {json.dumps(site)}\n", 1))


@cache
def _client() -> str:
    return (settings.BASE_DIR / "client" / "pasteur").read_text(encoding="utf-8")
