"""Admin lists that stay fast with any number of rows: every count and every text search has a limit."""

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

if TYPE_CHECKING:  # At run time Django's class takes no parameter.
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

#: The rows that a list counts and pages through; search and filters reach the others.
MAX_ROWS = 10_000
#: The maximum number of search results, newest first.
MAX_RESULTS = 500
#: The newest pastes whose texts are scanned. In older ones, the word index finds public texts.
SCANNED_PASTES = 50_000

_KEY_IN_URL = re.compile(rf"(?:^|/)({keys.PATTERN})(?=$|[/.?#])")


class PasteList(ChangeList):
    """A change list that loads the mirror states of a page of pastes in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        copies = mirror_copy.of_all(self.result_list)
        for paste in self.result_list:
            paste.copy = copies[paste.pk]


class BoundedPaginator(_Paginator):
    """A paginator of the first MAX_ROWS rows."""

    @cached_property
    def count(self) -> int:
        """The number of rows, at most MAX_ROWS."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # What the admin hands in.
        return rows.order_by().values("pk")[:MAX_ROWS].count()


def search(pastes: QuerySet[Paste], term: str) -> QuerySet[Paste]:
    """Return the pastes that a search term matches: a key or URL, else an origin, else words.

    Words are looked for in titles, author names, file names and texts of all revisions.
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
    """Return the ids of the pastes of a key, an old code, or a URL with one of them."""
    match = _KEY_IN_URL.search(term.lower())
    by_key = Paste.objects.filter(key=match[1]).values_list("pk", flat=True) if match else ()
    # Two queries, each with its index: with OR, SQLite would scan the table.
    return [*by_key, *Paste.objects.filter(old_code=term).values_list("pk", flat=True)]


def _find_by_text(term: str) -> set[int]:
    newest = Paste.objects.aggregate(newest=Max("pk"))["newest"] or 0
    files = File.objects.filter(Q(content__icontains=term) | Q(name__icontains=term))
    recent = files.filter(revision__paste_id__gt=newest - SCANNED_PASTES).order_by("-revision__paste_id")
    ids = recent.values_list("revision__paste_id", flat=True).distinct()[:MAX_RESULTS]
    try:
        by_words = index.search(term, length=MAX_RESULTS).pastes
    except RefusedError:
        by_words = []  # The index refuses the term as too long; the scan above has covered it.
    return {*ids, *(paste.pk for paste in by_words)}
