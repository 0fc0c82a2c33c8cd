"""From what Git tells of one paste to its rows: its revisions, and the changes that its commits are named by."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from gitsync.format import tree
from gitsync.format.fast_import import plain_line
from gitsync.inbound import metadata
from gitsync.inbound.metadata import DamagedError, Metadata
from gitsync.inbound.path_history import Touch
from gitsync.models import Change, Kind, PurgedText
from gitsync.outbox import outbox
from gitsync.purge import requests
from gitsync.repository.history import Objects
from pastes.lifecycle import restoring
from pastes.lifecycle.draft import MAX_FILES, NewRevision
from pastes.models import AUTHOR_LENGTH, Paste
from pastes.rules import keys
from pastes.storage.insert import store

#: So many of the last things that happened to a paste are read at once with those of others.
_FEW = 4
#: So many revisions of one paste may have been made where nobody here has looked.
MOST_SKIPPED = 10_000


def expect(objects: Objects, told: Iterable[tuple[str, Sequence[Touch]]]) -> None:
    """Have at hand what these pastes are made of, each given by its folder's tree and what happened to it."""
    oids = [oid for now, touches in told for oid in (now, *(touch.oid for touch in touches[-_FEW:])) if oid]
    objects.prefetch(oids)
    folders = (objects.tree(oid) or () for oid in oids)
    objects.prefetch(entry.oid for entries in folders if len(entries) <= MAX_FILES + 1 for entry in entries)


def restore_one(
    objects: Objects, key: str, oid: str, touches: Sequence[Touch], *, may_have_changes: bool = True
) -> Paste:
    """Put one paste back, whose folder is the tree `oid` now, and of which at least one commit tells.

    Raises DamagedError, RefusedError, IntegrityError.
    """
    if not keys.can_be(key):
        raise DamagedError("its name cannot be a key")
    now = look(objects, key, oid)
    said, _ = now
    draft, created_at = said.paste, said.created_at or touches[0].written_at
    if draft.expires_at and draft.expires_at <= timezone.now():
        raise DamagedError("it has expired")
    if not said.revision:
        draft = replace(draft, author=author_of(touches[0]))
    numbers: dict[str, int] = {}
    if touches[-1].oid != oid:
        touches = [*touches, replace(touches[-1], oid=oid)]
    revisions = _editions(objects, key, oid, now, touches, numbers)
    paste = restoring.restore(draft, revisions, key=key, created_at=created_at)
    is_known = settle(key, touches, numbers, may_have_changes=may_have_changes)
    conclude(paste, oid, touches[-1], is_known=is_known)
    return paste


def conclude(
    paste: Paste, oid: str, last: Touch, *, is_known: bool, is_pending: bool = False, is_theirs: bool = False
) -> None:
    """Have a paste mirrored whose folder is the tree `oid` in Git, unless that is just as it would be written.

    It is left as it is, too, where another site has written it. Then it has one change at least, by which it is known
    to be in Git: of a squashed history, no commit names any.
    """
    if is_pending or (shown(paste) != oid and not is_theirs):
        outbox.add(paste.key, Kind.EDIT if is_known else Kind.PUBLISH, paste.head)
    elif not is_known:
        settled = Change(key=paste.key, number=1, kind=Kind.PUBLISH, revision=paste.head, commit=last.commit)
        settled.settled_at = timezone.now()
        settled.created_at = min(last.written_at, settled.settled_at)
        store(settled)


def shown(paste: Paste) -> str:
    """Return the id of the tree that a paste with its files has as its folder."""
    return tree.tree_oid(tree.entries(paste, paste.files[0].revision, paste.files, with_content=False))


def look(objects: Objects, key: str, oid: str) -> tuple[Metadata, dict[str, str]]:
    """Return what a folder's tree says, and the ids of its texts by path. Raises DamagedError."""
    entries = objects.tree(oid)
    if entries is None:
        raise DamagedError("its folder is too large")
    texts = metadata.contents(entries)
    for entry in entries:
        if entry.name == tree.METADATA:
            content = objects.blob(entry.oid, metadata.METADATA_BYTES)
            if content is None:
                raise DamagedError("its metadata is too large")
            return metadata.metadata(content, key), texts
    return metadata.NO_METADATA, texts


def texts_at(objects: Objects, name: str) -> dict[str, str]:
    """Return the id of every text of the folder that has a name, or an id, in Git, by its path there."""
    entries = objects.tree(name) or []
    return {entry.name: entry.oid for entry in entries if entry.name != tree.METADATA}


def refuse_purged(objects: Objects, oids: Iterable[str], known: Iterable[str] = ()) -> None:
    """Raise DamagedError when one of these trees of a folder has a text that was purged, and that is not `known`."""
    if not PurgedText.objects.exists():
        return
    texts = {text for oid in oids if oid for text in texts_at(objects, oid).values()}
    for text in texts.difference(known):
        content = objects.blob(text, settings.PASTEUR_MAX_BYTES)
        if content and (other := requests.purged_key_of(content)):
            raise DamagedError(f"it has a text that was purged with {other}")


def edition(
    objects: Objects, said: Metadata, texts: dict[str, str], number: int, at: datetime, author: str = ""
) -> NewRevision:
    """Return a revision with its texts. Raises DamagedError."""
    room, found = settings.PASTEUR_MAX_BYTES, {}
    for path, oid in texts.items():
        content = objects.blob(oid, room)
        if content is None:
            raise DamagedError(f"its texts are longer than the {settings.PASTEUR_MAX_BYTES} bytes of PASTEUR_MAX_BYTES")
        room -= len(content)
        found[path] = content
    return NewRevision(number, at, metadata.files(said, found), author)


def _editions(
    objects: Objects,
    key: str,
    oid: str,
    now: tuple[Metadata, dict[str, str]],
    touches: Sequence[Touch],
    numbers: dict[str, int],
) -> Iterator[NewRevision]:
    """Yield the revisions that a paste's commits tell of; `numbers` is told which commit made which.

    `now` is what a look at the folder that it has now, the tree `oid`, has said.

    A commit by Pasteur says the number. One by somebody else that changes texts is the next one. What is damaged is
    left out, unless it is what the folder holds now.
    """
    last = 0
    shown: dict[str, str] = {}
    for touch in touches:
        if not touch.oid:
            continue
        try:
            said, texts = now if touch.oid == oid else look(objects, key, touch.oid)
            numbers[touch.commit] = last
            if said.revision <= last and texts == shown:
                continue
            is_numbered = is_next(said.revision, last)
            number, at = (said.revision, said.revised_at) if is_numbered else (last + 1, None)
            author = said.revised_by if is_numbered or not last else author_of(touch)
            made = edition(objects, said, texts, number, at or touch.written_at, author)
        except DamagedError:
            if touch.oid == oid:
                raise
            continue
        yield made
        last, shown = number, texts
        numbers[touch.commit] = number


def is_next(number: int, last: int) -> bool:
    """Whether a number can be that of a later revision than the last one: who skips very many did not write them."""
    return last < number <= last + MOST_SKIPPED


def author_of(touch: Touch) -> str:
    """Return who made a commit, as a paste can say it."""
    return plain_line(touch.author)[:AUTHOR_LENGTH].strip()


def settle(key: str, touches: Sequence[Touch], numbers: dict[str, int], *, may_have_changes: bool = True) -> bool:
    """Write the changes of a paste as the commits tell them, so that later ones get later numbers.

    Return whether the paste has any change now; unless it may have some already, nobody looks.
    """
    now = timezone.now()
    rows = {}
    for touch in touches:
        name, _, number = touch.change.rpartition(".")
        if name == key and touch.kind in Kind.values and number.isascii() and number.isdigit() and len(number) < 10:
            rows[int(number)] = Change(
                key=key,
                number=int(number),
                kind=touch.kind,
                revision=numbers.get(touch.commit) or None,
                created_at=min(touch.written_at, now),
                settled_at=now,
                commit=touch.commit,
            )
    changes = [rows[number] for number in sorted(rows)]
    if may_have_changes:
        Change.objects.bulk_create(changes, ignore_conflicts=True)
        return Change.objects.filter(key=key).exists()
    for change in changes:
        store(change)
    return bool(changes)
