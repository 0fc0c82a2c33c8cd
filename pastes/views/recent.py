"""The list of recent public pastes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pastes.errors import RefusedError
from pastes.models import Paste

PAGE_LENGTH = 30


@require_safe
def recent(request: HttpRequest) -> HttpResponse:
    """The newest public pastes; `?before=ID` goes on where a page ended, at the same cost however far back."""
    pastes = Paste.objects.listed()
    if before := request.GET.get("before"):
        if not before.isascii() or not before.isdecimal() or len(before) > 18:
            raise RefusedError("before", "before must be a number from the link to older pastes.", status=400)
        pastes = pastes.filter(id__lt=int(before))
    page = list(pastes[: PAGE_LENGTH + 1])
    older = page[PAGE_LENGTH - 1].pk if len(page) > PAGE_LENGTH else None
    return render(request, "pastes/recent.html", {"pastes": page[:PAGE_LENGTH], "older": older})
