"""Lists of public pastes: the newest, and those that a search finds."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query

from pastes.access import permissions
from pastes.api import output, pastes
from pastes.api.common import READING, Before, Length, Router, answering, link_next
from pastes.api.schemas import PastesOut
from pastes.models import Paste
from pastes.search import index

router = Router(tags=["finding"])


@pastes.router.get("", response=answering(200, PastesOut, READING))
def newest(request: HttpRequest, response: HttpResponse, before: Before = None, limit: Length = 30) -> PastesOut:
    """List public pastes, the newest first."""
    permissions.demand("list")
    listed = Paste.objects.listed()
    if before is not None:
        listed = listed.filter(id__lt=before)
    found = list(listed[: limit + 1])
    return _page(request, response, found[:limit], found[limit - 1].pk if len(found) > limit else None)


@router.get("/search", response=answering(200, PastesOut, READING))
def search(
    request: HttpRequest,
    response: HttpResponse,
    q: Annotated[str, Query(description="Words; language:, title: and author: look there alone.")],
    before: Before = None,
    limit: Length = 30,
) -> PastesOut:
    """List the public pastes that have all words of a query, the newest first."""
    permissions.demand("list")
    found = index.search(q, before=before, length=limit)
    return _page(request, response, found.pastes, found.before)


def _page(request: HttpRequest, response: HttpResponse, found: list[Paste], before: int | None) -> PastesOut:
    shown = [output.summary(request, paste) for paste in found]
    return PastesOut(pastes=shown, next=link_next(request, response, before))
