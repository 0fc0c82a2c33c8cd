"""Stores changes that others have made to the folder of a stored paste as a new revision.

Sites that share a repository converge: a site adopts the folder as it is whenever possible, and rewrites it only if it
was not written by another Pasteur.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from gitsync.format import tree
from gitsync.inbound.metadata import DamagedError, FileMetadata, Metadata
from gitsync.inbound.paste_folder import (
    PasteFolder,
    read_folder,
    read_revision,
    refuse_purged_texts,
    text_oids_in_tree,
    text_oids_of_revision,
    tree_oid_of,
)
from gitsync.inbound.paste_history import author_of, is_later, queue_if_different, settle_changes
from gitsync.inbound.path_history import Touch
from gitsync.models import Change, Kind
from gitsync.monitoring import drain_report
from gitsync.outbox import outbox
from gitsync.repository.history import Objects
from pastes.errors import RefusedError
from pastes.lifecycle import restoring
from pastes.lifecycle.draft import Draft, NewRevision, validate_fields, validate_files
from pastes.models import Paste

logger = logging.getLogger(__name__)


def apply_edit(objects: Objects, paste: Paste, tree_oid: str, touches: Sequence[Touch], *, is_pending: bool) -> None:
    """Store what differs in a paste's folder, whose tree is `tree_oid`. Raises DamagedError.

    `is_pending` is true if a change of the paste is waiting to be committed. If not, and the folder is not stored as a
    revision, it is queued to be rewritten.
    """
    if tree_oid_of(paste) == tree_oid:
        return
    touch = touches[-1]
    folder = _read_folder(objects, paste, tree_oid)
    is_ahead = is_later(folder.metadata.revision, paste.head)
    if is_pending and not is_ahead and _is_own_state(paste, folder):
        return  # The pending change will update the folder.
    if Change.objects.filter(key=paste.key, commit=touch.commit).exists():
        _write_again(paste, is_pending=is_pending)
        return
    refuse_purged_texts(objects, [tree_oid], allowed=text_oids_of_revision(paste, paste.head).values())
    revision = _read_edit(objects, paste, folder, touch, is_ahead=is_ahead)
    draft = _merge(paste, folder.metadata.paste)
    if not is_ahead and replace(draft, files=validate_files(revision.files)) == Draft.of(paste):
        if not _is_by_pasteur(paste, touch):
            _write_again(paste, is_pending=is_pending)
        return
    restoring.update(paste, revision, None if is_pending and not is_ahead else draft)
    revision_of_commit = dict.fromkeys((touch.commit for touch in touches), revision.number)
    queue_if_different(
        paste,
        tree_oid,
        touch,
        has_changes=settle_changes(paste.key, touches, revision_of_commit),
        is_pending=is_pending,
        is_by_another_site=is_ahead and _is_by_pasteur(paste, touch),
    )
    drain_report.add_imported("%s has revision %d", paste.key, revision.number)


def _read_folder(objects: Objects, paste: Paste, tree_oid: str) -> PasteFolder:
    """Return a folder; if it has no metadata, use that of the stored paste instead.

    The same applies to damaged metadata if the files are those of the paste. Otherwise, raise DamagedError.
    """
    try:
        folder = read_folder(objects, paste.key, tree_oid)
    except DamagedError as damaged:
        text_oids = text_oids_in_tree(objects, tree_oid)
        if text_oids != text_oids_of_revision(paste, paste.head):
            raise
        logger.warning("the folder of %s is rewritten: %s", paste.key, damaged)
        return PasteFolder(_metadata_of(paste), text_oids)
    return folder if folder.metadata.revision else replace(folder, metadata=_metadata_of(paste))


def _metadata_of(paste: Paste) -> Metadata:
    """Return the metadata of a stored paste, with no revision number."""
    files = list(paste.files)
    paths = tree.tree_names(file.name for file in files)
    return Metadata(
        paste=Draft.of(paste),
        files=[FileMetadata(path, file.name, file.language) for path, file in zip(paths, files, strict=True)],
    )


def _is_own_state(paste: Paste, folder: PasteFolder) -> bool:
    """Return whether a folder has the same files as the paste's newest revision, or as the one in its metadata."""
    numbers = {folder.metadata.revision, paste.head}
    return any(folder.text_oids == text_oids_of_revision(paste, number) for number in numbers)


def _read_edit(objects: Objects, paste: Paste, folder: PasteFolder, touch: Touch, *, is_ahead: bool) -> NewRevision:
    """Return a folder as a revision.

    Date and author come from the metadata if it was written by another site that is ahead, otherwise from the commit.
    """
    metadata = folder.metadata
    if is_ahead:
        created_at, author = metadata.revised_at or touch.written_at, metadata.revised_by
        return read_revision(objects, folder, metadata.revision, created_at, author)
    return read_revision(objects, folder, paste.head + 1, touch.written_at, author_of(touch))


def _merge(paste: Paste, draft: Draft) -> Draft:
    """Return a paste with the title, author, comment and visibility of a draft, or unchanged if any are invalid."""
    fields = Draft(title=draft.title, author=draft.author, comment=draft.comment, visibility=draft.visibility)
    try:
        fields = validate_fields(fields)
    except RefusedError as refused:
        logger.warning("the metadata of %s in Git is not applied: %s", paste.key, refused.message)
        return Draft.of(paste)
    return replace(
        Draft.of(paste),
        title=fields.title,
        author=fields.author,
        comment=fields.comment,
        visibility=fields.visibility,
    )


def _is_by_pasteur(paste: Paste, touch: Touch) -> bool:
    """Return whether a commit claims to be made by Pasteur. A forged claim only delays rewriting the folder."""
    return touch.change.rpartition(".")[0] == paste.key and touch.kind in Kind.values


def _write_again(paste: Paste, *, is_pending: bool) -> None:
    if not is_pending:
        outbox.add(paste.key, Kind.EDIT, paste.head)
        logger.warning("the folder of %s in Git contains a change that cannot be stored, and is rewritten", paste.key)
