"""Compares the database with the tip of the mirror, by path and object id, without reading any content.

Each side is read once, in its cheapest order, and summed per bucket of keys (gitsync.compare.key_buckets). Individual
pastes are compared only in buckets whose sums differ.
"""

import logging
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
from gitsync.compare.key_buckets import PREFIX_LENGTH, buckets
from gitsync.format import tree
from gitsync.format.tree import FileFields, PasteFields
from gitsync.models import Change, ChangeQuerySet
from gitsync.outbox.eligibility import mirrored
from gitsync.outbox.loading import is_of_row
from gitsync.progress import Progress, unwatched
from gitsync.repository.repository import Repository
from pastes.models import Paste

logger = logging.getLogger(__name__)

#: In place of a tree id.
DAMAGED = "damaged"
_ROWS_AT_ONCE = 2_000
#: Up to this many pastes, buckets have one-character prefixes, since each differing bucket costs a few queries.
_SMALL_SITE_PASTES = 20_000
#: The columns of `PasteFields` (_TEXT: of `FileFields`), in order.
_FACTS = (
    *("key", "title", "author", "comment", "visibility", "encrypted", "made_at", "ends_at", "old_code", "forked_from"),
    *("revisions__number", "revised_at", "revisions__author"),
)
_TEXT = ("revisions__files__name", "revisions__files__language", "revisions__files__oid")
_DATES = {"made_at": "created_at", "ends_at": "expires_at", "revised_at": "revisions__created_at"}


@dataclass
class Comparison:
    """The keys of pastes that differ between the database and Git.

    `missing` are only in the database, `extra` only in Git, and `differs` in both but not equal. `waiting` have a
    pending change, which the next drain commits. `rejected` have a change that the remote rejected. `on_secret_hold`
    contain a credential and are kept out of Git on purpose.
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
        """Whether both sides are equal, apart from pastes on secret hold."""
        return not (self.missing or self.differs or self.extra or self.waiting or self.rejected)

    def by_kind(self) -> dict[str, list[str]]:
        """Return the lists, keyed by their names in reports, which other programs rely on."""
        return {
            "missing": self.missing,
            "differs": self.differs,
            "extra": self.extra,
            "waiting": self.waiting,
            "set_aside": self.rejected,
            "withheld": self.on_secret_hold,
        }


def compare(clone: Repository, tip: str, progress: Progress = unwatched) -> Comparison:
    """Compare the mirrored pastes in the database with the tree of `tip`, which must be in the clone."""
    comparison = Comparison(tip)
    secret = secrets.token_bytes(16)  # A secret key, so that two different buckets can't be crafted to have equal sums.
    sums: defaultdict[str, int] = defaultdict(int)
    for key, oid in _all_folder_oids() if tip else _keys(mirrored()):
        sums[key[:PREFIX_LENGTH]] += _hash(secret, key, oid)
        comparison.pastes += 1
        progress(1)
    prefix_length = PREFIX_LENGTH if comparison.pastes > _SMALL_SITE_PASTES else 1
    bucket_sums: defaultdict[str, int] = defaultdict(int)
    for prefix, bucket_sum in sums.items():
        bucket_sums[prefix[:prefix_length]] += bucket_sum
    for prefix, group in groupby(buckets(clone, tip), key=lambda bucket: bucket[0][:prefix_length]):
        in_git = {key: oid for _, bucket in group for key, oid in bucket.items()}
        if bucket_sums.pop(prefix, 0) != sum(_hash(secret, key, oid) for key, oid in in_git.items()):
            _compare_bucket(comparison, prefix, in_git)
    for prefix in bucket_sums:
        _compare_bucket(comparison, prefix, {})
    for keys in comparison.by_kind().values():
        keys.sort()
    return comparison


def _hash(secret: bytes, key: str, oid: str) -> int:
    return int.from_bytes(blake2b(f"{key} {oid}".encode(), digest_size=16, key=secret).digest(), "big")


def _compare_bucket(comparison: Comparison, prefix: str, in_git: dict[str, str]) -> None:
    missing, differs = set(), set()
    pastes = mirrored().filter(_starts_with(prefix)).order_by("key")
    for key, oid in folder_oids(pastes) if in_git else _keys(pastes):
        oid_in_git = in_git.pop(key, None)
        if oid_in_git is None:
            missing.add(key)
        elif oid_in_git != oid:
            differs.add(key)
    suspects = missing | differs | in_git.keys()
    # Queried after the pastes, so that a paste published in the meantime counts as waiting.
    waiting = _keys_of(Change.objects.pending(), suspects)
    rejected = _keys_of(Change.objects.rejected(), suspects - waiting)
    on_secret_hold = _keys_of(Change.objects.on_secret_hold(), suspects - waiting - rejected)
    explained = waiting | rejected | on_secret_hold
    comparison.waiting += waiting
    comparison.rejected += rejected
    comparison.on_secret_hold += on_secret_hold
    comparison.missing += missing - explained
    comparison.differs += differs - explained
    comparison.extra += in_git.keys() - explained


def _keys_of(changes: ChangeQuerySet, suspects: Iterable[str]) -> set[str]:
    """Return the suspects that have any of these changes."""
    keys, matches = sorted(suspects), set[str]()
    for start in range(0, len(keys), _ROWS_AT_ONCE):
        batch = changes.filter(key__in=keys[start : start + _ROWS_AT_ONCE])
        matches.update(batch.order_by().values_list("key", flat=True))
    return matches


def _all_folder_oids() -> Iterator[tuple[str, str]]:
    """Yield (key, tree id of the folder) for every mirrored paste, in storage order."""
    end = 0
    while True:
        start = Paste.objects.filter(pk__gt=end).order_by("pk").values_list("pk", flat=True).first()
        if start is None:
            return
        end = start + _ROWS_AT_ONCE - 1
        watchdog.beat()
        yield from folder_oids(mirrored().filter(pk__gte=start, pk__lte=end).order_by("pk"))


def _keys(pastes: QuerySet[Paste]) -> Iterator[tuple[str, str]]:
    """Yield (key, "") for pastes that have no counterpart in Git to compare with."""
    current = pastes.filter(revisions__number=F("head"), revisions__files__position=0)
    return ((key, "") for key in current.values_list("key", flat=True).iterator(chunk_size=_ROWS_AT_ONCE))


def folder_oids(pastes: QuerySet[Paste]) -> Iterator[tuple[str, str]]:
    """Yield (key, tree id of the folder) for pastes, which must have a unique ordering.

    The id of a paste with damaged rows, which make no folder, is `DAMAGED`.
    """
    try:
        yield from list(_folder_oids(pastes))
        return
    except Exception as error:
        if not is_of_row(error):
            raise
    for pk in list(pastes.values_list("pk", flat=True)):
        paste = pastes.filter(pk=pk)
        try:
            yield from list(_folder_oids(paste))
        except Exception as error:
            if not is_of_row(error):
                raise
            key = paste.order_by().values_list("key", flat=True).get()
            logger.error("the rows of %s are damaged: %s", key, error)
            yield key, DAMAGED


def _folder_oids(pastes: QuerySet[Paste]) -> Iterator[tuple[str, str]]:
    current = pastes.filter(revisions__number=F("head"), revisions__files__position__gte=0)
    order = (*pastes.query.order_by, "revisions__files__position")
    dates = {name: _stored(path) for name, path in _DATES.items()}
    rows = current.order_by(*order).annotate(**dates).values_list(*_FACTS, *_TEXT)
    for _, group in groupby(rows.iterator(chunk_size=_ROWS_AT_ONCE), key=itemgetter(0)):
        files = list(group)
        row = files[0]
        paste = PasteFields._make((*row[:6], _moment(row[6]), _moment(row[7]), *row[8:11], _moment(row[11]), row[12]))
        yield row[0], tree.tree_oid(tree.folder_entries(paste, [FileFields._make(row[len(_FACTS) :]) for row in files]))


def _stored(path: str) -> Combinable:
    """Return a date as it is stored: the ORM's conversion from SQLite's text would double the cost of a comparison."""
    return Cast(path, TextField()) if connection.vendor == "sqlite" else F(path)


def _moment(stored: datetime | str | None) -> str:
    if not isinstance(stored, str):
        return tree.format_date(stored)
    at = datetime.fromisoformat(stored)
    return tree.format_date(at) if at.tzinfo else f"{tree.format_date(at)}+00:00"


def _starts_with(prefix: str) -> Q:
    """Return a condition on a key's prefix that the database can answer from its index."""
    if connection.vendor == "sqlite":
        return Q(key__gte=prefix, key__lt=prefix[:-1] + chr(ord(prefix[-1]) + 1))
    return Q(key__startswith=prefix)
