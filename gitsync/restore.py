"""Gives a database every paste back that the mirror has and it lacks. What is there already is left alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from gitsync import addresses, folders, history, outbox, tree
from gitsync.commits import plain_line
from gitsync.folders import DamagedError, Metadata
from gitsync.history import Objects
from gitsync.lock import exclusive
from gitsync.mirror import Clone
from gitsync.models import Change, Kind, Mirror
from gitsync.progress import Progress, unwatched
from gitsync.remotes import Remote
from gitsync.resync import LOCK_SECONDS
from gitsync.touches import Touch, Touches, sort
from pastes import keys, restoring
from pastes.errors import RefusedError
from pastes.models import AUTHOR_LENGTH, Paste
from pastes.purging import are_purged
from pastes.restoring import Edition, Kept

_AT_ONCE = 100


@dataclass
class Restored:
    """What came of it: how many pastes are back, how many were there, and why which were skipped, by key."""

    tip: str
    restored: int = 0
    present: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


def restore(source: str = "", progress: Progress = unwatched) -> Restored:
    """Put back all pastes at the tip of a remote, by default the configured one, each with its changes.

    Raises GitsyncError.
    """
    remote = Remote.configured()
    if source:
        remote = replace(remote, address=addresses.parse(source), own=None)
    with opened(remote) as (clone, tip):
        found = Restored(tip)
        if tip:
            with sort(history.folders(clone, tip)) as touches:
                for letter in keys.ALPHABET:
                    _restore_letter(found, clone, letter, touches, progress)
        if not source:
            row = Mirror.of(remote.address.url, remote.branch)
            Mirror.objects.filter(pk=row.pk, tip=None).update(tip=tip)
        return found


@contextmanager
def opened(remote: Remote) -> Iterator[tuple[Clone, str]]:
    """Fetch a branch, with all of its history and texts, into a clone that lives as long as the block."""
    with exclusive(settings.GITSYNC_CLONE_DIR.with_suffix(".lock"), wait=LOCK_SECONDS):
        path = settings.GITSYNC_CLONE_DIR.with_name("history.git")
        Clone(path).discard()
        clone = Clone.open(path)
        try:
            yield clone, remote.fetch_all(clone)
        finally:
            clone.discard()


def _restore_letter(found: Restored, clone: Clone, letter: str, touches: Touches, progress: Progress) -> None:
    at_tip = iter(clone.folders(found.tip, letter).items())
    with history.objects(clone) as objects:
        while some := list(islice(at_tip, _AT_ONCE)):
            purged = are_purged(key for key, _ in some)
            known = purged.union(Paste.objects.filter(key__in=[key for key, _ in some]).values_list("key", flat=True))
            with transaction.atomic():
                for key, oid in some:
                    if key in known:
                        found.present += 1
                    else:
                        _try(found, objects, key, oid, touches.of(key))
                    progress(1)


def _try(found: Restored, objects: Objects, key: str, oid: str, touches: Sequence[Touch]) -> None:
    try:
        with transaction.atomic():
            restore_one(objects, key, oid, touches)
        found.restored += 1
    except IntegrityError:
        found.present += 1  # Somebody else has just put it there.
    except DamagedError as damaged:
        found.skipped[key] = str(damaged)
    except RefusedError as refused:
        found.skipped[key] = refused.message


def restore_one(objects: Objects, key: str, oid: str, touches: Sequence[Touch]) -> Paste:
    """Put one paste back, whose folder is the tree `oid` now. Raises DamagedError, RefusedError, IntegrityError."""
    if not keys.can_be(key):
        raise DamagedError("its name cannot be a key")
    last = touches[-1] if touches else None
    if last is None:
        raise DamagedError("no commit of the branch tells of it")
    said, _ = look(objects, key, oid)
    if said.expires_at and said.expires_at <= timezone.now():
        raise DamagedError("it has expired")
    kept = Kept(
        key=key,
        created_at=said.created_at or touches[0].written_at,
        title=said.title,
        author=said.author if said.revision else plain_line(touches[0].author)[:AUTHOR_LENGTH],
        comment=said.comment,
        visibility=said.visibility,
        encrypted=said.encrypted,
        old_code=said.old_code,
        expires_at=said.expires_at,
        forked_from=said.forked_from,
    )
    numbers: dict[str, int] = {}
    paste = restoring.put_back(kept, _editions(objects, key, oid, [*touches, replace(last, oid=oid)], numbers))
    _settle(key, touches, numbers)
    revision = paste.revisions.get(number=paste.head)
    if tree.tree_oid(tree.entries(paste, revision, paste.files, with_content=False)) != oid:
        is_known = Change.objects.filter(key=key).exists()
        outbox.add(key, Kind.EDIT if is_known else Kind.PUBLISH, paste.head)
    return paste


def look(objects: Objects, key: str, oid: str) -> tuple[Metadata, dict[str, str]]:
    """Return what a folder's tree says, and the ids of its texts by path. Raises DamagedError."""
    entries = objects.tree(oid)
    if entries is None:
        raise DamagedError("its folder is too large")
    texts = folders.contents(entries)
    for entry in entries:
        if entry.name == tree.METADATA:
            content = objects.blob(entry.oid, folders.METADATA_BYTES)
            if content is None:
                raise DamagedError("its metadata is too large")
            return folders.metadata(content, key), texts
    return folders.NO_METADATA, texts


def edition(objects: Objects, said: Metadata, texts: dict[str, str], number: int, at: datetime) -> Edition:
    """Return a revision with its texts. Raises DamagedError."""
    room, found = settings.PASTEUR_MAX_BYTES, {}
    for path, oid in texts.items():
        content = objects.blob(oid, room)
        if content is None:
            raise DamagedError(f"its texts are longer than the {settings.PASTEUR_MAX_BYTES} bytes of PASTEUR_MAX_BYTES")
        room -= len(content)
        found[path] = content
    return Edition(number, at, folders.files(said, found))


def _editions(
    objects: Objects, key: str, oid: str, touches: Sequence[Touch], numbers: dict[str, int]
) -> Iterator[Edition]:
    """Yield the revisions that a paste's commits tell of; `numbers` is told which commit made which.

    A commit by Pasteur says the number. One by somebody else that changes texts is the next one. What is damaged is
    left out, unless it is what the folder holds now.
    """
    last = 0
    shown: dict[str, str] = {}
    for touch in touches:
        if not touch.oid:
            continue
        try:
            said, texts = look(objects, key, touch.oid)
            numbers[touch.commit] = last
            if said.revision <= last and texts == shown:
                continue
            is_numbered = said.revision > last
            number, at = (said.revision, said.revised_at) if is_numbered else (last + 1, None)
            made = edition(objects, said, texts, number, at or touch.written_at)
        except DamagedError:
            if touch.oid == oid:
                raise
            continue
        yield made
        last, shown = number, texts
        numbers[touch.commit] = number


def _settle(key: str, touches: Sequence[Touch], numbers: dict[str, int]) -> None:
    """Write the changes of a paste as the commits tell them, so that later ones get later numbers."""
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
                created_at=touch.written_at,
                settled_at=now,
                commit=touch.commit,
            )
    Change.objects.bulk_create([rows[number] for number in sorted(rows)], ignore_conflicts=True)
