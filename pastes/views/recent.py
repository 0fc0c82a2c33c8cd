"""Finding public pastes: the newest of them, as a page and as a feed, and those with certain words."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from pastes import access, answers, searching
from pastes.errors import RefusedError
from pastes.models import Paste

PAGE_LENGTH = 30


@require_safe
def recent(request: HttpRequest) -> HttpResponse:
    """The newest public pastes; `?before=ID` goes on where a page ended, at the same cost however far back."""
    access.demand("list")
    pastes = Paste.objects.listed()
    before = _before(request)
    if before is not None:
        pastes = pastes.filter(id__lt=before)
    page = list(pastes[: PAGE_LENGTH + 1])
    older = page[PAGE_LENGTH - 1].pk if len(page) > PAGE_LENGTH else None
    return render(request, "pastes/recent.html", {"pastes": page[:PAGE_LENGTH], "older": older})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Public pastes that have all words of `?q=`, the newest first; `?before=ID` goes on."""
    access.demand("list")
    query = request.GET.get("q", "").strip()
    found = searching.search(query, before=_before(request))
    return render(request, "pastes/search.html", {"pastes": found.pastes, "older": found.before, "query": query})


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The newest public pastes as an Atom feed, without their texts."""
    access.demand("list")
    title = f"{settings.PASTEUR_TITLE}: recent pastes"
    at = answers.address(request, "/recent")
    entries = Atom1Feed(title, at, settings.PASTEUR_SUBTITLE, feed_url=f"{at}.atom")
    for paste in Paste.objects.listed()[:PAGE_LENGTH]:
        link = answers.address(request, paste.get_absolute_url())
        entries.add_item(
            title=paste.title or paste.key,
            link=link,
            description=paste.comment,
            unique_id=link,
            author_name=paste.author or "Anonymous",
            pubdate=paste.created_at,
            updateddate=paste.created_at,
        )
    return answers.xml(entries.writeString("utf-8"), "application/atom+xml")


def _before(request: HttpRequest) -> int | None:
    before = request.GET.get("before")
    if not before:
        return None
    if not before.isascii() or not before.isdecimal() or len(before) > 18:
        raise RefusedError("before", gettext("before must be a number from the link to older pastes."), status=400)
    return int(before)
