"""What others have changed in the folder of a paste that is here becomes a revision of it.

Sites that share a repository agree in the end: what can be taken is taken as it stands there, and what cannot is
written anew only where no Pasteur has written it.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from gitsync.format import tree
from gitsync.inbound.metadata import DamagedError, Metadata
from gitsync.inbound.paste_history import (
    author_of,
    conclude,
    edition,
    is_next,
    look,
    refuse_purged,
    settle,
    shown,
    texts_at,
)
from gitsync.inbound.path_history import Touch
from gitsync.models import Change, Kind
from gitsync.monitoring.drain_report import read_in
from gitsync.outbox import outbox
from gitsync.repository.history import Objects
from pastes.errors import RefusedError
from pastes.lifecycle import restoring
from pastes.lifecycle.draft import Draft, validate_fields, validate_files
from pastes.models import File, Paste

logger = logging.getLogger(__name__)


def revise(objects: Objects, paste: Paste, oid: str, touches: Sequence[Touch], *, is_pending: bool) -> None:
    """Take over what the folder of a paste, the tree `oid`, says and the paste does not. Raises DamagedError.

    Where there is nothing to be taken, the folder is written anew, unless a change of the paste waits and does so.
    """
    if shown(paste) == oid:
        return
    last = touches[-1]
    said, texts = _seen(objects, paste, oid)
    is_ahead = is_next(said.revision, paste.head)
    if is_pending and not is_ahead and any(texts == texts_of(paste, number) for number in {said.revision, paste.head}):
        return  # It is where the paste has been, and what waits goes there.
    if Change.objects.filter(key=paste.key, commit=last.commit).exists():
        _mend(paste, is_pending=is_pending)
        return
    refuse_purged(objects, [oid], texts_of(paste, paste.head).values())
    number, at, author = paste.head + 1, last.written_at, author_of(last)
    if is_ahead:
        number, at, author = said.revision, said.revised_at or at, said.revised_by
    made = edition(objects, said, texts, number, at, author)
    draft = _merge(paste, said.paste)
    if not is_ahead and replace(draft, files=validate_files(made.files)) == Draft.of(paste):
        if not _is_by_pasteur(paste, last):
            _mend(paste, is_pending=is_pending)
        return
    restoring.update(paste, made, None if is_pending and not is_ahead else draft)
    is_known = settle(paste.key, touches, dict.fromkeys((touch.commit for touch in touches), number))
    is_theirs = is_ahead and _is_by_pasteur(paste, last)
    conclude(paste, oid, last, is_known=is_known, is_pending=is_pending, is_theirs=is_theirs)
    read_in("%s has revision %d", paste.key, number)


def texts_of(paste: Paste, number: int) -> dict[str, str]:
    """Return the id of every text of a revision by its path in the folder."""
    rows = File.objects.filter(revision__paste=paste, revision__number=number).order_by("position")
    facts = list(rows.values_list("name", "oid"))
    return dict(zip(tree.tree_names(name for name, _ in facts), (oid for _, oid in facts), strict=True))


def _seen(objects: Objects, paste: Paste, oid: str) -> tuple[Metadata, dict[str, str]]:
    """Return what a folder says and the ids of its texts; where it has no metadata, or only that is damaged, ours."""
    try:
        said, texts = look(objects, paste.key, oid)
    except DamagedError as damaged:
        texts = texts_at(objects, oid)
        if texts != texts_of(paste, paste.head):
            raise
        logger.warning("the folder of %s is written anew: %s", paste.key, damaged)
        return _ours(paste), texts
    return (said if said.revision else _ours(paste)), texts


def _ours(paste: Paste) -> Metadata:
    """Return what our metadata says, with no number of a revision."""
    files = list(paste.files)
    paths = tree.tree_names(file.name for file in files)
    return Metadata(
        paste=Draft.of(paste),
        files=[(path, file.name, file.language) for path, file in zip(paths, files, strict=True)],
    )


def _merge(paste: Paste, draft: Draft) -> Draft:
    """Return a paste with the title, author, comment and visibility of a draft, or as it is if they break a rule."""
    fields = Draft(title=draft.title, author=draft.author, comment=draft.comment, visibility=draft.visibility)
    try:
        fields = validate_fields(fields)
    except RefusedError as refused:
        logger.warning("what is said about %s in Git is left alone: %s", paste.key, refused.message)
        return Draft.of(paste)
    return replace(
        Draft.of(paste),
        title=fields.title,
        author=fields.author,
        comment=fields.comment,
        visibility=fields.visibility,
    )


def _is_by_pasteur(paste: Paste, last: Touch) -> bool:
    """Whether a commit says that it is by a Pasteur. Anybody can say so, and then has a folder as it is for longer."""
    return last.change.rpartition(".")[0] == paste.key and last.kind in Kind.values


def _mend(paste: Paste, *, is_pending: bool) -> None:
    if not is_pending:
        outbox.add(paste.key, Kind.EDIT, paste.head)
        logger.warning("what others have made of the folder of %s is no edit, and is written anew", paste.key)
