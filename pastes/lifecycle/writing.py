"""All writes to pastes, whether from pages, the API, dialects, the admin or commands."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F, Model
from django.utils import timezone
from django.utils.translation import gettext

from pastes.access import edit_tokens, permissions, request_context
from pastes.errors import KeysExhaustedError, RefusedError
from pastes.lifecycle.draft import Draft, NewFile, validate
from pastes.models import File, Paste, Revision, State, Visibility, blob_oid
from pastes.rules import keys
from pastes.search import index
from pastes.signals import paste_published, paste_restored, paste_revised, paste_stored, paste_withdrawn
from pastes.storage import clock, group_commit
from pastes.storage.insert import store
from pastes.storage.write_lock import write_lock

logger = logging.getLogger(__name__)

_KEY_TRIES = 5


def publish(draft: Draft, *, token: str = "") -> Paste:
    """Store a draft as a new paste with a new key. On return, the paste and its outbox row are on disk.

    The edit token, a new one by default, is available as `token` on the returned paste. The database only stores its
    hash.

    Raise RefusedError if the input is invalid, and KeysExhaustedError if five keys in a row were taken.
    """
    permissions.demand("create")
    api_token = request_context.token()
    draft = validate(draft)
    token = token or edit_tokens.draw()
    token_hash = edit_tokens.hashed(token)
    # Reading the database's clock costs a query, and only pastes that expire depend on it.
    created_at = timezone.now() if draft.lifetime is None else clock.now()
    if draft.lifetime is not None:
        draft = replace(draft, expires_at=created_at + draft.lifetime)
    for attempt in range(_KEY_TRIES):
        # Do everything that needs no database before waiting for other writers.
        paste = build_paste(draft, key=keys.draw(), created_at=created_at)
        paste.token, paste.token_hash, paste.api_token = token, token_hash, api_token
        revision = Revision(paste=paste, number=paste.head, created_at=created_at)
        received: list[Any] = paste_published.send(sender=Paste, paste=paste)
        rows = [paste, revision, *paste.files, *(row for _, more in received for row in more)]
        work = partial(store, *rows)
        if paste.visibility == Visibility.PUBLIC:
            work = partial(_store_and_index, paste, rows)
        try:
            group_commit.commit(work, alone=attempt > 0, is_store=paste.visibility != Visibility.PUBLIC)
        except group_commit.UndoneError:
            continue
        except IntegrityError:
            if not Paste.objects.filter(key=paste.key).exists():
                raise
        else:
            transaction.on_commit(partial(paste_stored.send_robust, sender=Paste, paste=paste))
            return paste
    raise KeysExhaustedError(f"{_KEY_TRIES} new keys were taken")


def build_paste(draft: Draft, *, key: str, created_at: datetime) -> Paste:
    """Return an unsaved paste with its unsaved files. Every paste is built here."""
    paste = Paste(
        key=key,
        title=draft.title,
        author=draft.author,
        comment=draft.comment,
        visibility=draft.visibility,
        burn=draft.burn,
        encrypted=draft.encrypted,
        old_code=draft.old_code,
        created_at=created_at,
        expires_at=draft.expires_at,
        forked_from=draft.forked_from,
    )
    paste.files = build_files(draft.files)
    return paste


def build_files(files: Sequence[NewFile]) -> list[File]:
    """Return unsaved files that are not yet assigned to a revision."""
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


def _store_and_index(paste: Paste, rows: Sequence[Model]) -> None:
    store(*rows)
    index.update(paste)


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
    """Add a revision to a readable paste and return the paste. Arguments that are None leave the old value unchanged.

    Title, author, comment and visibility are part of the copies, so changing them adds a revision too. An edit that
    changes nothing adds none. `expected` is the revision that the author started from; it prevents concurrent edits
    from being lost.

    Raise RefusedError if the input is invalid or, with the code `conflict`, if `expected` is not the current revision.
    Raise Paste.DoesNotExist if the paste is gone.
    """
    permissions.demand("create")
    with write_lock(), transaction.atomic():
        paste = Paste.objects.readable().select_for_update().get(pk=paste.pk)
        _check_revision(paste, expected)
        before = Draft.of(paste)
        draft = validate(
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
        paste.files = build_files(draft.files)
        store(Revision(paste=paste, number=paste.head, created_at=timezone.now()), *paste.files)
        index.update(paste)
        paste_revised.send(sender=Paste, paste=paste)
    return paste


def _check_revision(paste: Paste | None, expected: int | None) -> None:
    if paste is not None and expected not in {None, paste.head}:
        message = gettext("The paste has changed in the meantime and is now at revision %(number)s.") % {
            "number": paste.head
        }
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
    """Publish the content of a readable paste as a new paste, with its own edit token.

    If no lifetime is given, the fork expires together with the original, unless `forever` is True. `by` is the function
    that publishes it. Raise RefusedError as `publish` does, and also if the paste burns after reading, since a fork
    would circumvent that.
    """
    if paste.burn:
        raise RefusedError("burns", "A paste that burns after reading cannot be forked.", status=403)
    if lifetime is None and paste.expires_at and not forever:
        lifetime = paste.expires_at - clock.now()
    draft = replace(Draft.of(paste), author=author, visibility=visibility, lifetime=lifetime, forked_from=paste.key)
    return by(draft)


def hide(paste: Paste) -> bool:
    """Hide a paste, keeping its content in the database. Return whether that changed anything."""
    return _withdraw(paste, State.HIDDEN)


def remove(paste: Paste, *, expected: int | None = None) -> bool:
    """Remove a paste and erase its content. Return whether that changed anything.

    `expected` is the revision that the caller has seen. Raise RefusedError as `revise` does.
    """
    with write_lock(), transaction.atomic():
        if expected is not None:
            rows = Paste.objects.filter(pk=paste.pk, state__in=[State.PUBLISHED, State.HIDDEN])
            _check_revision(rows.select_for_update().first(), expected)
        return _withdraw(paste, State.REMOVED) or _erase_hidden(paste)


@write_lock()
@transaction.atomic
def show(paste: Paste) -> bool:
    """Show a hidden paste again. Return whether that changed anything."""
    changed = Paste.objects.filter(pk=paste.pk, state=State.HIDDEN).update(state=State.PUBLISHED)
    if changed:
        paste.refresh_from_db()
        index.update(Paste.objects.get(pk=paste.pk))  # Its files may have changed in the meantime.
        paste_restored.send(sender=Paste, paste=paste)
    return bool(changed)


@write_lock()
@transaction.atomic
def burn(paste: Paste) -> list[File] | None:
    """Return the files of a paste that burns after reading and erase them. Only the first call returns them."""
    claimed = Paste.objects.readable().filter(pk=paste.pk, burn=True).update(state=State.BURNED)
    if not claimed:
        return None
    paste.refresh_from_db(fields=["title", "author", "comment", "forked_from"])  # Cleared by reading.py.
    files = list(
        File.objects.filter(revision__paste=paste, revision__number=F("revision__paste__head")).order_by("position")
    )
    _erase(paste)
    paste.state = State.BURNED
    paste_withdrawn.send(sender=Paste, paste=paste)
    return files


def erase_expired(batch: int = 500) -> int:
    """Erase the content of all expired pastes and return how many were erased."""
    erased, failed = 0, list[int]()
    while due := list(Paste.objects.expired().exclude(pk__in=failed[:batch])[:batch]):
        for paste in due:
            try:
                erased += _erase_if_expired(paste)
            except (OperationalError, InterfaceError):
                raise
            except Exception:  # One failure must not block the others; the next run retries.
                logger.exception("cannot erase the expired paste %s", paste.key)
                failed.append(paste.pk)
        if len(failed) >= batch:
            break
    return erased


@write_lock()
@transaction.atomic
def _erase_if_expired(paste: Paste) -> bool:
    changed = Paste.objects.expired().filter(pk=paste.pk).update(state=State.EXPIRED)
    if changed:
        _erase(paste)
        index.remove(paste)
        paste_withdrawn.send(sender=Paste, paste=paste)
    return bool(changed)


@write_lock()
@transaction.atomic
def _withdraw(paste: Paste, state: State) -> bool:
    changed = Paste.objects.filter(pk=paste.pk, state=State.PUBLISHED).update(state=state)
    if changed:
        if state == State.REMOVED:
            _erase(paste)
        index.remove(paste)
        paste_withdrawn.send(sender=Paste, paste=paste)
    return bool(changed)


@write_lock()
@transaction.atomic
def _erase_hidden(paste: Paste) -> bool:
    changed = Paste.objects.filter(pk=paste.pk, state=State.HIDDEN).update(state=State.REMOVED)
    if changed:
        _erase(paste)
    return bool(changed)


def _erase(paste: Paste) -> None:
    """Delete the content of a paste but keep its row, key and dates."""
    File.objects.filter(revision__paste_id=paste.pk).delete()
    Paste.objects.filter(pk=paste.pk).update(title="", author="", comment="")
