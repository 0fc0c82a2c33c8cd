"""Lists of public pastes: the newest ones and search results."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query

from pastes.access import permissions
from pastes.api import output
from pastes.api import pastes as pastes_api
from pastes.api.common import READ_ERRORS, Before, Length, Router, link_next, response_schemas
from pastes.api.schemas import PastesOut
from pastes.models import Paste
from pastes.search import index

router = Router(tags=["lists"])


@pastes_api.router.get("", response=response_schemas(200, PastesOut, READ_ERRORS))
def newest(request: HttpRequest, response: HttpResponse, before: Before = None, limit: Length = 30) -> PastesOut:
    """List public pastes, newest first."""
    permissions.demand("list")
    queryset = Paste.objects.listed()
    if before is not None:
        queryset = queryset.filter(id__lt=before)
    rows = list(queryset[: limit + 1])
    return _page(request, response, rows[:limit], rows[limit - 1].pk if len(rows) > limit else None)


@router.get("/search", response=response_schemas(200, PastesOut, READ_ERRORS))
def search(
    request: HttpRequest,
    response: HttpResponse,
    q: Annotated[str, Query(description="Words to search for. language:, title: and author: search only that field.")],
    before: Before = None,
    limit: Length = 30,
) -> PastesOut:
    """List the public pastes that contain all words of the query, newest first."""
    permissions.demand("list")
    page = index.search(q, before=before, length=limit)
    return _page(request, response, page.pastes, page.before)


def _page(request: HttpRequest, response: HttpResponse, pastes: list[Paste], before: int | None) -> PastesOut:
    summaries = [output.summary(request, paste) for paste in pastes]
    return PastesOut(pastes=summaries, next=link_next(request, response, before))
