"""Restores one paste from Git: its revisions and settled changes, from the commits that touched its folder."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.utils import timezone

from gitsync.format.fast_import import plain_line
from gitsync.inbound.metadata import DamagedError
from gitsync.inbound.paste_folder import PasteFolder, read_folder, read_revision, tree_oid_of
from gitsync.inbound.path_history import Touch
from gitsync.models import Change, Kind
from gitsync.outbox import outbox
from gitsync.repository.history import Objects
from pastes.lifecycle import restoring
from pastes.lifecycle.draft import MAX_FILES, NewRevision
from pastes.models import AUTHOR_LENGTH, Paste
from pastes.rules import keys
from pastes.storage.insert import store

#: For each paste, its folder is prefetched at this many recent commits.
_PREFETCHED_TOUCHES = 4
#: A revision number further ahead than this was not reached by another site, but entered by hand.
MAX_SKIPPED_REVISIONS = 10_000


def prefetch(objects: Objects, pastes: Iterable[tuple[str, Sequence[Touch]]]) -> None:
    """Prefetch the trees and blobs of these pastes, given as (tree id of the folder, touches), in one batch."""
    tree_oids = []
    for tree_oid, touches in pastes:
        tree_oids += [tree_oid, *(touch.oid for touch in touches[-_PREFETCHED_TOUCHES:] if touch.oid)]
    objects.prefetch(tree_oids)
    folders = (objects.tree(oid) or () for oid in tree_oids)
    objects.prefetch(row.oid for rows in folders if len(rows) <= MAX_FILES + 1 for row in rows)


def restore_paste(
    objects: Objects, key: str, tree_oid: str, touches: Sequence[Touch], *, may_have_changes: bool = True
) -> Paste:
    """Store a paste with its revisions and changes, given the tree of its folder at the tip.

    There must be at least one touch. If the last touch is a prune, `tree_oid` is the folder before it, and a change is
    added to put the folder back. Raises DamagedError, RefusedError, IntegrityError.
    """
    if not keys.is_valid_key(key):
        raise DamagedError("its name cannot be a key")
    folder = read_folder(objects, key, tree_oid)
    draft, created_at = folder.metadata.paste, folder.metadata.created_at or touches[0].written_at
    if draft.expires_at and draft.expires_at <= timezone.now():
        raise DamagedError("it has expired")
    if not folder.metadata.revision:
        draft = replace(draft, author=author_of(touches[0]))
    is_pruned = len(touches) > 1 and touches[-1].kind == Kind.PRUNE and not touches[-1].oid
    if is_pruned:
        touches = touches[:-1]
    if touches[-1].oid != tree_oid:
        touches = [*touches, replace(touches[-1], oid=tree_oid)]
    paste_history = _PasteHistory(objects, key, tree_oid, folder, touches)
    paste = restoring.restore(draft, paste_history.revisions(), key=key, created_at=created_at)
    has_changes = settle_changes(key, touches, paste_history.revision_of_commit, may_have_changes=may_have_changes)
    if is_pruned:
        outbox.add(key, Kind.RESTORE, paste.head)
    else:
        queue_if_different(paste, tree_oid, touches[-1], has_changes=has_changes)
    return paste


@dataclass
class _PasteHistory:
    """The history of a paste whose folder at the tip is `folder`, with the tree `tree_oid`."""

    objects: Objects
    key: str
    tree_oid: str
    folder: PasteFolder
    touches: Sequence[Touch]
    #: Maps each commit to its revision; filled in by `revisions`.
    revision_of_commit: dict[str, int] = field(default_factory=dict)

    def revisions(self) -> Iterator[NewRevision]:
        """Yield the revisions in order, so that only one of them is in memory at a time.

        Skip damaged revisions, but raise DamagedError if the one at the tip is damaged.
        """
        number = 0
        text_oids: Mapping[str, str] = {}
        for touch in self.touches:
            if not touch.oid:
                continue
            is_tip = touch.oid == self.tree_oid
            try:
                folder = self.folder if is_tip else read_folder(self.objects, self.key, touch.oid)
                self.revision_of_commit[touch.commit] = number
                if folder.metadata.revision <= number and folder.text_oids == text_oids:
                    continue
                revision = self._read_revision(folder, touch, number)
            except DamagedError:
                if is_tip:
                    raise
                continue
            yield revision
            number, text_oids = revision.number, folder.text_oids
            self.revision_of_commit[touch.commit] = number

    def _read_revision(self, folder: PasteFolder, touch: Touch, previous: int) -> NewRevision:
        """Return the revision that a commit adds after revision `previous`.

        A commit by Pasteur contains the number in its metadata; a manual commit gets the next number.
        """
        metadata = folder.metadata
        if is_later(metadata.revision, previous):
            created_at, author = metadata.revised_at or touch.written_at, metadata.revised_by
            return read_revision(self.objects, folder, metadata.revision, created_at, author)
        author = author_of(touch) if previous else metadata.revised_by
        return read_revision(self.objects, folder, previous + 1, touch.written_at, author)


def is_later(number: int, previous: int) -> bool:
    """Return whether `number` is plausible for a revision that follows revision `previous`."""
    return previous < number <= previous + MAX_SKIPPED_REVISIONS


def author_of(touch: Touch) -> str:
    """Return the author of a commit, truncated to the maximum length for a paste."""
    return plain_line(touch.author)[:AUTHOR_LENGTH].strip()


def settle_changes(
    key: str, touches: Sequence[Touch], revision_of_commit: Mapping[str, int], *, may_have_changes: bool = True
) -> bool:
    """Store the changes recorded in a paste's commits as settled, so that later changes get higher numbers.

    Return whether the paste now has any changes. Pass `may_have_changes=False` to skip the query for existing ones.
    """
    settled_at = timezone.now()
    changes = {}
    for touch in touches:
        name = Change.parse_name(touch.change)
        if name and name[0] == key and touch.kind in Kind.values:
            changes[name[1]] = Change(
                key=key,
                number=name[1],
                kind=touch.kind,
                revision=revision_of_commit.get(touch.commit) or None,
                created_at=min(touch.written_at, settled_at),
                settled_at=settled_at,
                commit=touch.commit,
            )
    in_order = [changes[number] for number in sorted(changes)]
    if may_have_changes:
        Change.objects.bulk_create(in_order, ignore_conflicts=True)
        return Change.objects.filter(key=key).exists()
    for change in in_order:
        store(change)
    return bool(in_order)


def queue_if_different(
    paste: Paste,
    tree_oid: str,
    touch: Touch,
    *,
    has_changes: bool,
    is_pending: bool = False,
    is_by_another_site: bool = False,
) -> None:
    """Queue a commit for a paste if its folder `tree_oid`, last touched by `touch`, differs from what Pasteur writes.

    A folder written by another site is left unchanged. A paste that needs no commit gets a settled change if it has no
    change yet, because changes mark a paste as mirrored, and the commits of a squashed history record none.
    """
    if is_pending or (tree_oid_of(paste) != tree_oid and not is_by_another_site):
        outbox.add(paste.key, Kind.EDIT if has_changes else Kind.PUBLISH, paste.head)
    elif not has_changes:
        settled_at = timezone.now()
        store(
            Change(
                key=paste.key,
                number=1,
                kind=Kind.PUBLISH,
                revision=paste.head,
                created_at=min(touch.written_at, settled_at),
                settled_at=settled_at,
                commit=touch.commit,
            )
        )
