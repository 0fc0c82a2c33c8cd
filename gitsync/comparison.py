"""Compares the database with the tip of the mirror, by path and object id, without reading any content."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from django.db import connection
from django.db.models import F, Q

from gitsync import tree
from gitsync.mirror import Clone
from gitsync.models import Change, ChangeQuerySet
from gitsync.progress import Progress, unwatched
from gitsync.selection import mirrored
from pastes import keys
from pastes.models import File


@dataclass
class Comparison:
    """The keys of pastes that are not the same in both places.

    `missing` are only in the database, `extra` only in Git, `differs` in both. `waiting` are those whose change is
    still pending: the next drain sees to them; `set_aside` those whose change the remote refuses; `withheld` those with
    a credential, which are kept out of Git on purpose.
    """

    tip: str
    pastes: int = 0
    missing: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether both places hold the same, but for what is withheld."""
        return not (self.missing or self.differs or self.extra or self.waiting or self.set_aside)


def compare(clone: Clone, tip: str, progress: Progress = unwatched) -> Comparison:
    """Return how the mirrored pastes of the database differ from the tree of `tip`, which has to be in the clone.

    It goes by the first letter of the keys, so that a thirty-second of everything is in memory at once.
    """
    found = Comparison(tip)
    strange = {name for name in clone.roots(tip) if len(name) == 1} - set(keys.ALPHABET)
    for letter in sorted({*keys.ALPHABET, *strange}):
        _compare_letter(found, letter, clone.folders(tip, letter), progress)
    return found


def _compare_letter(found: Comparison, letter: str, in_git: dict[str, str], progress: Progress) -> None:
    missing, differs = [], []
    for key, oid in _expected(letter):
        found.pastes += 1
        progress(1)
        there = in_git.pop(key, None)
        if there is None:
            missing.append(key)
        elif there != oid:
            differs.append(key)
    suspects = {*missing, *differs, *in_git}
    # Asked after the pastes were read, so that one which has just been published is seen to be waiting.
    waiting = _keys(Change.objects.pending(), letter) & suspects
    set_aside = _keys(Change.objects.set_aside(), letter) & suspects - waiting
    withheld = _keys(Change.objects.withheld(), letter) & suspects - waiting - set_aside
    explained = waiting | set_aside | withheld
    found.waiting += sorted(waiting)
    found.set_aside += sorted(set_aside)
    found.withheld += sorted(withheld)
    found.missing += sorted(set(missing) - explained)
    found.differs += sorted(set(differs) - explained)
    found.extra += sorted(set(in_git) - explained)


def _keys(changes: ChangeQuerySet, letter: str) -> set[str]:
    return set(changes.filter(_starts_with(letter, "key")).values_list("key", flat=True))


def _expected(letter: str) -> Iterator[tuple[str, str]]:
    """Yield (key, id of the folder's tree) for every mirrored paste whose key starts with this letter."""
    files = (
        File.objects.filter(_starts_with(letter, "revision__paste__key"))
        .filter(revision__number=F("revision__paste__head"), revision__paste__in=mirrored())
        .select_related("revision__paste")
        .defer("content")
        .order_by("revision_id", "position")
    )
    for revision, texts in groupby(files.iterator(chunk_size=2_000), key=lambda file: file.revision):
        entries = tree.entries(revision.paste, revision, texts, with_content=False)
        yield revision.paste.key, tree.tree_oid(entries)


def _starts_with(letter: str, path: str) -> Q:
    """Return a condition on the beginning of a key that the database answers from its index."""
    if connection.vendor == "sqlite":
        return Q((f"{path}__gte", letter), (f"{path}__lt", chr(ord(letter) + 1)))
    return Q((f"{path}__startswith", letter))
