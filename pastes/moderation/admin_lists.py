"""Admin lists that remain fast regardless of the number of rows, because counts and text searches are limited."""

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest

from pastes.access import bans
from pastes.errors import RefusedError
from pastes.lifecycle import mirror_copy
from pastes.models import File, Origin, Paste
from pastes.rules import keys
from pastes.search import index

if TYPE_CHECKING:  # Django's class is not generic at run time.
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

#: The number of rows that a list counts and paginates. The rest can be reached with searches and filters.
MAX_ROWS = 10_000
#: The maximum number of search results, newest first.
MAX_RESULTS = 500
#: The number of newest pastes whose content is scanned. Older public pastes are found through the word index.
SCANNED_PASTES = 50_000

_KEY_IN_URL = re.compile(rf"(?:^|/)({keys.PATTERN})(?=$|[/.?#])")


class PasteList(ChangeList):
    """A change list that loads the mirror states of all pastes on a page in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        copies = mirror_copy.of_all(self.result_list)
        for paste in self.result_list:
            paste.copy = copies[paste.pk]


class BoundedPaginator(_Paginator):
    """A paginator for the first MAX_ROWS rows."""

    @cached_property
    def count(self) -> int:
        """The number of rows, at most MAX_ROWS."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # The admin passes a queryset.
        return rows.order_by().values("pk")[:MAX_ROWS].count()


def search(pastes: QuerySet[Paste], term: str) -> QuerySet[Paste]:
    """Return the pastes that match a search term, which is a key or URL, an origin, or words.

    Words are searched for in the titles, author names, file names and content of all revisions.
    """
    if ids := _find_by_key(term):
        return pastes.filter(pk__in=ids)
    if paste_ids := list(
        Origin.objects.filter(address=bans.normalize(term)).values_list("paste_id", flat=True)[:MAX_RESULTS]
    ):
        return pastes.filter(pk__in=paste_ids)
    by_fields = pastes.filter(Q(title__icontains=term) | Q(author__icontains=term)).order_by("-pk")
    return pastes.filter(pk__in={*by_fields.values_list("pk", flat=True)[:MAX_RESULTS], *_find_by_text(term)})


def _find_by_key(term: str) -> list[int]:
    """Return the ids of the pastes with a key, an old code, or a URL that contains either."""
    match = _KEY_IN_URL.search(term.lower())
    by_key = Paste.objects.filter(key=match[1]).values_list("pk", flat=True) if match else ()
    # Use two queries, each with its own index: with OR, SQLite would scan the table.
    return [*by_key, *Paste.objects.filter(old_code=term).values_list("pk", flat=True)]


def _find_by_text(term: str) -> set[int]:
    newest = Paste.objects.aggregate(newest=Max("pk"))["newest"] or 0
    files = File.objects.filter(Q(content__icontains=term) | Q(name__icontains=term))
    recent = files.filter(revision__paste_id__gt=newest - SCANNED_PASTES).order_by("-revision__paste_id")
    ids = recent.values_list("revision__paste_id", flat=True).distinct()[:MAX_RESULTS]
    try:
        by_words = index.search(term, length=MAX_RESULTS).pastes
    except RefusedError:
        by_words = []  # The term is too long for the index, but the scan above has covered it.
    return {*ids, *(paste.pk for paste in by_words)}
