"""Every write to a paste, whoever asks for it: page, API, dialect, admin or command."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Model
from django.utils import timezone
from django.utils.translation import gettext

from pastes.access import edit_tokens, permissions, request_context
from pastes.errors import KeysExhaustedError, RefusedError
from pastes.lifecycle.draft import Draft, NewFile, checked
from pastes.models import File, Paste, Revision, State, Visibility, blob_oid
from pastes.rules import keys
from pastes.search import index
from pastes.signals import paste_published, paste_restored, paste_revised, paste_stored, paste_withdrawn
from pastes.storage import clock, group_commit
from pastes.storage.insert import store, stores_at_once
from pastes.storage.write_lock import turn

_KEY_TRIES = 5


def publish(draft: Draft, *, token: str = "") -> Paste:
    """Store a draft as a new paste under a fresh key; paste and outbox are on disk when this returns.

    The paste that is returned has its edit token as `token`, a fresh one unless one is given; only a hash is stored.

    Raises RefusedError for bad input, and KeysExhaustedError when five keys in a row were taken; none is overwritten.
    """
    permissions.demand("create")
    draft = checked(draft)
    for tries in range(_KEY_TRIES):
        # Everything that needs no database is done before others have to wait.
        paste = _made(draft, token or edit_tokens.draw())
        paste.files = _files(draft.files)
        revision = Revision(paste=paste, number=paste.head, created_at=paste.created_at)
        try:
            _commit(paste, revision, alone=tries > 0)
        except group_commit.UndoneError:
            continue
        except IntegrityError:
            if not Paste.objects.filter(key=paste.key).exists():
                raise
        else:
            told = partial(paste_stored.send_robust, sender=Paste, paste=paste)
            transaction.on_commit(told)
            return paste
    raise KeysExhaustedError(f"{_KEY_TRIES} fresh keys were taken")


def _made(draft: Draft, token: str) -> Paste:
    """Return the row of a new paste, with a fresh key."""
    # Only a paste that ends has to agree with the database's clock; asking it costs a query.
    now = timezone.now() if draft.lifetime is None else clock.now()
    paste = Paste(
        key=keys.draw(),
        title=draft.title,
        author=draft.author,
        comment=draft.comment,
        visibility=draft.visibility,
        burn=draft.burn,
        encrypted=draft.encrypted,
        created_at=now,
        expires_at=_deadline(now, draft.lifetime),
        forked_from=draft.forked_from,
        api_token=request_context.token(),
    )
    paste.token = token
    paste.token_hash = edit_tokens.hashed(token)
    return paste


def _commit(paste: Paste, revision: Revision, *, alone: bool) -> None:
    if paste.visibility == Visibility.PUBLIC or connection.in_atomic_block or not stores_at_once():
        group_commit.commit(partial(_store, paste, revision), alone=alone)
    else:
        _store(paste, revision)  # A single statement, which is a transaction by itself.


def _store(paste: Paste, revision: Revision) -> None:
    """Store a new paste, which has its files, with everything that belongs to it."""
    store(paste, revision, *paste.files, *_rows_beside(paste))
    if paste.visibility == Visibility.PUBLIC:
        index.keep(paste)


def _rows_beside(paste: Paste) -> list[Model]:
    """Tell of a new paste, and return the rows that others want to be stored together with it."""
    told: list[Any] = paste_published.send(sender=Paste, paste=paste)
    return [row for _, rows in told for row in rows]


def revise(
    paste: Paste,
    files: Sequence[NewFile] | None = None,
    *,
    expected: int | None = None,
    title: str | None = None,
    author: str | None = None,
    comment: str | None = None,
    visibility: str | None = None,
) -> Paste:
    """Give a readable paste a new revision with these files; what is None stays as it is. Returns it as it is then.

    What is said about a paste belongs to its copies, so that changing it makes a revision too. An edit that changes
    nothing makes none. `expected` is the revision that the author has seen: two edits at once lose nothing.

    Raises RefusedError for bad input and, as `conflict`, when the paste has another revision than the expected one;
    Paste.DoesNotExist when it is gone.
    """
    permissions.demand("create")
    with turn(), transaction.atomic():
        paste = Paste.objects.readable().select_for_update().get(pk=paste.pk)
        _check_revision(paste, expected)
        before = _draft_of(paste)
        draft = checked(
            replace(
                before,
                files=before.files if files is None else files,
                title=before.title if title is None else title,
                author=before.author if author is None else author,
                comment=before.comment if comment is None else comment,
                visibility=before.visibility if visibility is None else visibility,
            )
        )
        if draft == before:
            return paste
        paste.title, paste.author, paste.comment = draft.title, draft.author, draft.comment
        paste.visibility = draft.visibility
        paste.head += 1
        paste.save(update_fields=["head", "title", "author", "comment", "visibility"])
        paste.files = _add_revision(paste, _files(draft.files))
        index.keep(paste)
        paste_revised.send(sender=Paste, paste=paste)
    return paste


def _check_revision(paste: Paste | None, expected: int | None) -> None:
    if paste is not None and expected not in {None, paste.head}:
        message = gettext("The paste has changed: it is at revision %(number)s now.") % {"number": paste.head}
        raise RefusedError("conflict", message, status=412)


def fork(
    paste: Paste,
    *,
    author: str = "",
    visibility: str = Visibility.UNLISTED,
    lifetime: timedelta | None = None,
    forever: bool = False,
    by: Callable[[Draft], Paste] = publish,
) -> Paste:
    """Publish what a readable paste holds now as another paste, with an edit token of its own.

    Without a lifetime it ends when the first one does, unless it is to stay for ever. `by` is what publishes it. Raises
    RefusedError as `publish` does, and for a paste that burns after reading: a copy would be a way around.
    """
    if paste.burn:
        raise RefusedError("burns", "A paste that burns after reading cannot be forked.", status=403)
    if lifetime is None and paste.expires_at and not forever:
        lifetime = paste.expires_at - clock.now()
    draft = replace(_draft_of(paste), author=author, visibility=visibility, lifetime=lifetime, forked_from=paste.key)
    return by(draft)


def hide(paste: Paste) -> bool:
    """Take a paste off the site, for now; the content stays in the database. Returns whether that changed anything."""
    return _withdraw(paste, State.HIDDEN)


def remove(paste: Paste, *, expected: int | None = None) -> bool:
    """Take a paste off the site for good and erase its content. Returns whether that changed anything.

    `expected` is the revision that the caller has seen; raises RefusedError as `revise` does.
    """
    with turn(), transaction.atomic():
        if expected is not None:
            there = Paste.objects.filter(pk=paste.pk, state__in=[State.PUBLISHED, State.HIDDEN])
            _check_revision(there.select_for_update().first(), expected)
        return _withdraw(paste, State.REMOVED) or _erase_hidden(paste)


@transaction.atomic
def show(paste: Paste) -> bool:
    """Put a hidden paste back on the site. Returns whether that changed anything."""
    changed = Paste.objects.filter(pk=paste.pk, state=State.HIDDEN).update(state=State.PUBLISHED)
    if changed:
        paste.refresh_from_db()
        index.keep(Paste.objects.get(pk=paste.pk))  # With the files that it has now.
        paste_restored.send(sender=Paste, paste=paste)
    return bool(changed)


@transaction.atomic
def burn(paste: Paste) -> list[File] | None:
    """Hand out the files of a burn-after-reading paste to exactly one caller and erase them; None to everybody else."""
    claimed = Paste.objects.readable().filter(pk=paste.pk, burn=True).update(state=State.BURNED)
    if not claimed:
        return None
    files = list(
        File.objects.filter(revision__paste=paste, revision__number=F("revision__paste__head")).order_by("position")
    )
    _erase(paste)
    paste.state = State.BURNED
    paste_withdrawn.send(sender=Paste, paste=paste)
    return files


def erase_expired(batch: int = 500) -> int:
    """Erase the content of every paste whose time has come; returns how many there were."""
    erased = 0
    while due := list(Paste.objects.expired()[:batch]):
        for paste in due:
            with transaction.atomic():
                if Paste.objects.expired().filter(pk=paste.pk).update(state=State.EXPIRED):
                    _erase(paste)
                    index.drop(paste)
                    paste_withdrawn.send(sender=Paste, paste=paste)
                    erased += 1
    return erased


@transaction.atomic
def _withdraw(paste: Paste, state: State) -> bool:
    changed = Paste.objects.filter(pk=paste.pk, state=State.PUBLISHED).update(state=state)
    if changed:
        if state == State.REMOVED:
            _erase(paste)
        index.drop(paste)
        paste_withdrawn.send(sender=Paste, paste=paste)
    return bool(changed)


@transaction.atomic
def _erase_hidden(paste: Paste) -> bool:
    changed = Paste.objects.filter(pk=paste.pk, state=State.HIDDEN).update(state=State.REMOVED)
    if changed:
        _erase(paste)
    return bool(changed)


def _erase(paste: Paste) -> None:
    """Delete what people wrote; the row, its key and its dates stay."""
    File.objects.filter(revision__paste_id=paste.pk).delete()
    Paste.objects.filter(pk=paste.pk).update(title="", author="", comment="")


def _add_revision(paste: Paste, files: list[File]) -> list[File]:
    """Insert the current revision of a paste with these files, and return them."""
    store(Revision(paste=paste, number=paste.head, created_at=timezone.now()), *files)
    return files


def _files(files: Sequence[NewFile]) -> list[File]:
    """Return the rows of new files, which belong to no revision yet."""
    rows = []
    for position, file in enumerate(files):
        content = file.content.encode()
        rows.append(
            File(
                position=position,
                name=file.name,
                language=file.language,
                content=file.content,
                size_bytes=len(content),
                oid=blob_oid(content),
            )
        )
    return rows


def _draft_of(paste: Paste) -> Draft:
    """Return what stands in a paste now, as it would have to be handed in."""
    return Draft(
        files=[NewFile(file.content, file.name, file.language) for file in paste.files],
        title=paste.title,
        author=paste.author,
        comment=paste.comment,
        visibility=paste.visibility,
        burn=paste.burn,
        encrypted=paste.encrypted,
    )


def _deadline(now: datetime, lifetime: timedelta | None) -> datetime | None:
    return None if lifetime is None else now + lifetime
