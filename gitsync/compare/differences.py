"""Compares the database with the tip of the mirror, by path and object id, without reading any content.

Both sides are read once, each in the order that is cheap for it, into a sum for each shelf (gitsync.shelves): what is
on a shelf is looked at one by one only where the sums are not the same.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter

from django.db import connection
from django.db.models import F, Q, QuerySet, TextField
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from gitsync import watchdog
from gitsync.compare.key_buckets import LETTERS, shelves
from gitsync.format import tree
from gitsync.format.tree import FileFields, PasteFields
from gitsync.models import Change, ChangeQuerySet
from gitsync.outbox.eligibility import mirrored
from gitsync.progress import Progress, unwatched
from gitsync.repository.repository import Repository
from pastes.models import Paste

_AT_ONCE = 2_000
#: So few pastes lie on fewer shelves, by their first letter alone, since each that differs costs some queries.
_FEW = 20_000
#: What `PasteFields` and `FileFields` are made of, in their order.
_FACTS = (
    *("key", "title", "author", "comment", "visibility", "encrypted", "made_at", "ends_at", "old_code", "forked_from"),
    *("revisions__number", "revised_at", "revisions__author"),
)
_TEXT = ("revisions__files__name", "revisions__files__language", "revisions__files__oid")
_DATES = {"made_at": "created_at", "ends_at": "expires_at", "revised_at": "revisions__created_at"}


@dataclass
class Comparison:
    """The keys of pastes that are not the same in both places.

    `missing` are only in the database, `extra` only in Git, `differs` in both. `waiting` are those whose change is
    still pending, for the next drain; `rejected` those whose change the remote rejected; `on_secret_hold` those with a
    credential, kept out of Git on purpose.
    """

    tip: str
    pastes: int = 0
    missing: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    on_secret_hold: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether both places hold the same, except for pastes on secret hold."""
        return not (self.missing or self.differs or self.extra or self.waiting or self.rejected)

    def by_kind(self) -> dict[str, list[str]]:
        """Return the lists by their names in reports, which programs rely on."""
        return {
            "missing": self.missing,
            "differs": self.differs,
            "extra": self.extra,
            "waiting": self.waiting,
            "set_aside": self.rejected,
            "withheld": self.on_secret_hold,
        }


def compare(clone: Repository, tip: str, progress: Progress = unwatched) -> Comparison:
    """Return how the mirrored pastes of the database differ from the tree of `tip`, which has to be in the clone."""
    found = Comparison(tip)
    sums = _Sums()
    ours: defaultdict[str, int] = defaultdict(int)
    for key, oid in _expected() if tip else _keys(mirrored()):
        ours[key[:LETTERS]] += sums.of(key, oid)
        found.pastes += 1
        progress(1)
    letters = LETTERS if found.pastes > _FEW else 1
    left: defaultdict[str, int] = defaultdict(int)
    for shelf, sum_of_it in ours.items():
        left[shelf[:letters]] += sum_of_it
    for name, group in groupby(shelves(clone, tip), key=lambda shelf: shelf[0][:letters]):
        in_git = {key: oid for _, shelf in group for key, oid in shelf.items()}
        if left.pop(name, 0) != sum(sums.of(key, oid) for key, oid in in_git.items()):
            _compare_shelf(found, name, in_git)
    for name in left:
        _compare_shelf(found, name, {})
    for keys in found.by_kind().values():
        keys.sort()
    return found


class _Sums:
    """What is added up for the pastes of a shelf; nobody knows the secret in it, and makes two sums alike."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(16)

    def of(self, key: str, oid: str) -> int:
        return int.from_bytes(blake2b(f"{key} {oid}".encode(), digest_size=16, key=self._secret).digest(), "big")


def _compare_shelf(found: Comparison, shelf: str, in_git: dict[str, str]) -> None:
    missing, differs = set(), set()
    pastes = mirrored().filter(_starts_with(shelf)).order_by("key")
    for key, oid in told(pastes) if in_git else _keys(pastes):
        there = in_git.pop(key, None)
        if there is None:
            missing.add(key)
        elif there != oid:
            differs.add(key)
    suspects = missing | differs | in_git.keys()
    # Asked after the pastes were read, so that one which has just been published is seen to be waiting.
    waiting = _those_of(Change.objects.pending(), suspects)
    rejected = _those_of(Change.objects.rejected(), suspects - waiting)
    on_secret_hold = _those_of(Change.objects.on_secret_hold(), suspects - waiting - rejected)
    explained = waiting | rejected | on_secret_hold
    found.waiting += waiting
    found.rejected += rejected
    found.on_secret_hold += on_secret_hold
    found.missing += missing - explained
    found.differs += differs - explained
    found.extra += in_git.keys() - explained


def _those_of(changes: ChangeQuerySet, suspects: Iterable[str]) -> set[str]:
    """Return those of the keys that these changes are of."""
    keys, found = sorted(suspects), set[str]()
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        found.update(changes.filter(key__in=some).order_by().values_list("key", flat=True))
    return found


def _expected() -> Iterator[tuple[str, str]]:
    """Yield (key, id of the folder's tree) for every mirrored paste, in the order in which the pastes are stored."""
    last = 0
    while True:
        first = Paste.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True).first()
        if first is None:
            return
        last = first + _AT_ONCE - 1
        watchdog.beat()
        yield from told(mirrored().filter(pk__gte=first, pk__lte=last).order_by("pk"))


def _keys(pastes: QuerySet[Paste]) -> Iterator[tuple[str, str]]:
    """Yield the key of some pastes, and no id: there is nothing that it could be compared with."""
    current = pastes.filter(revisions__number=F("head"), revisions__files__position=0)
    return ((key, "") for key in current.values_list("key", flat=True).iterator(chunk_size=_AT_ONCE))


def told(pastes: QuerySet[Paste]) -> Iterator[tuple[str, str]]:
    """Yield (key, id of the folder's tree) for some pastes, which have an order that tells them apart."""
    current = pastes.filter(revisions__number=F("head"), revisions__files__position__gte=0)
    order = (*pastes.query.order_by, "revisions__files__position")
    dates = {name: _stored(path) for name, path in _DATES.items()}
    rows = current.order_by(*order).annotate(**dates).values_list(*_FACTS, *_TEXT)
    for _, group in groupby(rows.iterator(chunk_size=_AT_ONCE), key=itemgetter(0)):
        files = list(group)
        row = files[0]
        facts = PasteFields._make((*row[:6], _moment(row[6]), _moment(row[7]), *row[8:11], _moment(row[11]), row[12]))
        yield row[0], tree.tree_oid(tree.folder_entries(facts, [FileFields._make(row[len(_FACTS) :]) for row in files]))


def _stored(path: str) -> Combinable:
    """Return a date as the database keeps it: what the ORM makes of SQLite's text costs as much as all the rest."""
    return Cast(path, TextField()) if connection.vendor == "sqlite" else F(path)


def _moment(stored: datetime | str | None) -> str:
    if not isinstance(stored, str):
        return tree.moment(stored)
    at = datetime.fromisoformat(stored)
    return tree.moment(at) if at.tzinfo else f"{tree.moment(at)}+00:00"


def _starts_with(shelf: str) -> Q:
    """Return a condition on the beginning of a key that the database answers from its index."""
    if connection.vendor == "sqlite":
        return Q(key__gte=shelf, key__lt=shelf[:-1] + chr(ord(shelf[-1]) + 1))
    return Q(key__startswith=shelf)
