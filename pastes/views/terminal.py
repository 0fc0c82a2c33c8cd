"""One screen of text for who sits in front of a terminal."""

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
