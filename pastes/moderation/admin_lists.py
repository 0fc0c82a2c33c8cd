"""Lists of the admin at any number of rows: nothing is counted, and no text is looked through, without a bound."""

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

#: Rows that a list counts, and pages through; further ones are found by searching and filtering.
MOST_ROWS = 10_000
#: The newest that a search finds at most.
MOST_FOUND = 500
#: How many of the newest pastes are looked through letter by letter; in older ones, public texts are found by words.
NEWEST = 50_000

_IN_ADDRESS = re.compile(rf"(?:^|/)({keys.PATTERN})(?=$|[/.?#])")


class PasteList(ChangeList):
    """Pastes with where their copies stand, asked for all of a page at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Find the rows of the page, and their copies."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        known = mirror_copy.of_all(self.result_list)
        for paste in self.result_list:
            paste.copy = known[paste.pk]


class BoundedPaginator(_Paginator):
    """Pages of the first MOST_ROWS rows."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, as far as they are counted."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # What the admin hands in.
        return rows.order_by().values("pk")[:MOST_ROWS].count()


def search(pastes: QuerySet[Paste], term: str) -> QuerySet[Paste]:
    """Return those of some pastes that a moderator means: by key or address of the page, or by where they came from.

    Whatever is neither stands in the title, the author's name, a file's name or the text of any revision.
    """
    if named := _named(term):
        return pastes.filter(pk__in=named)
    if came := list(Origin.objects.filter(address=bans.written(term)).values_list("paste_id", flat=True)[:MOST_FOUND]):
        return pastes.filter(pk__in=came)
    said = pastes.filter(Q(title__icontains=term) | Q(author__icontains=term))
    ids = {*said.order_by("-pk").values_list("pk", flat=True)[:MOST_FOUND], *_with_text(term)}
    return pastes.filter(pk__in=ids)


def _named(term: str) -> list[int]:
    """Return the pastes of the key or code that is, or stands in, what may be the address of a page."""
    match = _IN_ADDRESS.search(term.lower())
    by_key = Paste.objects.filter(key=match[1]).values_list("pk", flat=True) if match else ()
    # Each by an index of its own: together, SQLite would read all rows.
    return [*by_key, *Paste.objects.filter(old_code=term).values_list("pk", flat=True)]


def _with_text(term: str) -> set[int]:
    newest = Paste.objects.aggregate(newest=Max("pk"))["newest"] or 0
    files = File.objects.filter(Q(content__icontains=term) | Q(name__icontains=term))
    recent = files.filter(revision__paste_id__gt=newest - NEWEST).order_by("-revision__paste_id")
    ids = recent.values_list("revision__paste_id", flat=True).distinct()[:MOST_FOUND]
    try:
        by_words = index.search(term, length=MOST_FOUND).pastes
    except RefusedError:
        by_words = []  # Too long for the index; letter by letter it was looked for above.
    return {*ids, *(paste.pk for paste in by_words)}
