"""Lists of public pastes: recent pastes, pastes by an author, and search results."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext

from pastes.access import permissions
from pastes.errors import RefusedError
from pastes.http import responses
from pastes.http.methods import read_only
from pastes.models import AUTHOR_LENGTH, Paste
from pastes.rules.site_path import site_path
from pastes.search import index
from pastes.templatetags.site import author_path

PAGE_LENGTH = 30


@read_only
def recent(request: HttpRequest) -> HttpResponse:
    """List the newest public pastes. `?before=ID` selects the next page, at the same cost for every page."""
    permissions.demand("list")
    pastes, older = page_of(request, Paste.objects.listed())
    return render(request, "pastes/recent.html", {"pastes": pastes, "older": older})


@read_only
def by_author(request: HttpRequest, name: str = "") -> HttpResponse:
    """List an author's public pastes, as a feed if `?atom`. `?name=` is for names that cannot be part of a path."""
    permissions.demand("list")
    name = name or request.GET.get("name", "")
    if "\0" in name or not 0 < len(name) <= AUTHOR_LENGTH:
        raise Http404
    pastes, older = page_of(request, Paste.objects.listed().filter(author=name))
    if not pastes and "before" not in request.GET:
        raise Http404
    path = author_path(name)
    separator = "&" if "?" in path else "?"
    if "atom" in request.GET:
        title = gettext("Pastes by %(author)s") % {"author": name}
        return _atom(request, title, path, f"{separator}atom", pastes)
    context = {"author": name, "pastes": pastes, "older": older, "here": path, "separator": separator}
    return render(request, "pastes/by.html", context)


@read_only
def search(request: HttpRequest) -> HttpResponse:
    """List the public pastes that contain all words in `?q=`, newest first. `?before=ID` selects the next page."""
    permissions.demand("list")
    query = request.GET.get("q", "").strip()
    page = index.search(query, before=_before(request))
    return render(request, "pastes/search.html", {"pastes": page.pastes, "older": page.before, "query": query})


@read_only
def feed(request: HttpRequest) -> HttpResponse:
    """Return the newest public pastes as an Atom feed without their content."""
    permissions.demand("list")
    title = f"{settings.PASTEUR_TITLE}: recent pastes"
    return _atom(request, title, site_path("/recent"), ".atom", Paste.objects.listed()[:PAGE_LENGTH])


def page_of(request: HttpRequest, pastes: QuerySet[Paste]) -> tuple[list[Paste], int | None]:
    """Return the requested page of a list, and `before` for the next page or None."""
    before = _before(request)
    if before is not None:
        pastes = pastes.filter(id__lt=before)
    page = list(pastes[: PAGE_LENGTH + 1])
    return page[:PAGE_LENGTH], page[PAGE_LENGTH - 1].pk if len(page) > PAGE_LENGTH else None


def _atom(request: HttpRequest, title: str, page: str, ending: str, pastes: Iterable[Paste]) -> HttpResponse:
    """Return pastes as an Atom feed. `page` is the path of the HTML list, and `page` + `ending` that of the feed."""
    url = responses.absolute_url(request, page)
    atom_feed = Atom1Feed(title, url, settings.PASTEUR_SUBTITLE, feed_url=f"{url}{ending}")
    for paste in pastes:
        link = responses.absolute_url(request, paste.get_absolute_url())
        atom_feed.add_item(
            title=paste.title or paste.key,
            link=link,
            description=paste.comment,
            unique_id=link,
            author_name=paste.author or "Anonymous",
            pubdate=paste.created_at,
            updateddate=paste.created_at,
        )
    return responses.xml(atom_feed.writeString("utf-8"), "application/atom+xml")


def _before(request: HttpRequest) -> int | None:
    before = request.GET.get("before")
    if not before:
        return None
    if not before.isascii() or not before.isdecimal() or len(before) > 18:
        raise RefusedError("before", gettext("before must be the number from a link to older pastes."), status=400)
    return int(before)
