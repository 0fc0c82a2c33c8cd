"""What has to leave the history of the mirror, written down in the transaction of a purge, and what must not come back.

The texts themselves are known by digests that only this site can make, so that a copy of the database does not let
anybody try out what a purged text may have been (docs/adr/0028).
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from gitsync.errors import (
    CloneBrokenError,
    GitsyncError,
    PurgeIncompleteError,
    RemoteRefusedError,
    RewriteRefusedError,
    UnexpectedError,
)
from gitsync.models import LAST_PURGE_RETRY, Change, Kind, Mirror, Purge, PurgedText
from gitsync.outbox import outbox, wakeup
from pastes.models import File, Paste, State

logger = logging.getLogger(__name__)

#: Stands where words of the remote have been erased.
ERASED = "The remote's words were erased with a paste that was purged."
_QUOTING = {RemoteRefusedError.code, RewriteRefusedError.code, PurgeIncompleteError.code, UnexpectedError.code}
_FIRST_RETRY = timedelta(minutes=5)


def asked(sender: object, key: str, **kwargs: Any) -> None:
    """A paste is purged: it leaves the tip, and the history with it."""
    Purge.objects.get_or_create(key=key, defaults={"asked_at": timezone.now()})
    Purge.objects.filter(key=key).ask_again()
    remember_texts(key)
    _forget_words(key)
    if Change.objects.filter(key=key).exists():
        outbox.add(key, Kind.REMOVE, None)
    transaction.on_commit(wakeup.ring)


def may_be_quoted(keys: Iterable[str]) -> bool:
    """Return whether one of these is purged, so that words of the remote about them are not to be kept."""
    return not set(keys).isdisjoint(Purge.objects.values_list("key", flat=True).iterator(chunk_size=2_000))


def is_any_due() -> bool:
    """Return whether the history has to be rewritten now."""
    return Purge.objects.due().exists()


def postpone(keys: Sequence[str], error: GitsyncError) -> None:
    """Try these again after 5 minutes, then twice as long each time up to LAST_PURGE_RETRY; all else goes on.

    A clone that is broken is made again, and so the first try after it comes at once.
    """
    if not keys:
        return
    tries = max(Purge.objects.filter(key__in=keys).values_list("tries", flat=True), default=0) + 1
    at_once = tries == 1 and isinstance(error, CloneBrokenError)
    delay = timedelta(0) if at_once else min(LAST_PURGE_RETRY, _FIRST_RETRY * 2 ** min(tries - 1, 10))
    Purge.objects.filter(key__in=keys).update(
        tries=tries, retry_at=timezone.now() + delay, error_code=error.code, error=str(error)
    )
    logger.error(
        "%d pastes are still in the history (%s, next try in %.0f s): %s\n%s",
        *(len(keys), error.code, delay.total_seconds(), error, error.advice),
    )


def remember_texts(key: str) -> None:
    """Remember all texts of a paste that are in the database."""
    texts = File.objects.filter(revision__paste__key=key).values_list("content", flat=True)
    remember(key, (text.encode() for text in texts.iterator(chunk_size=10)))


def remember(key: str, texts: Iterable[bytes]) -> None:
    """Remember texts that a purged paste has had; they are not read in again, whoever pushes them."""
    digests = {_digest(text) for text in texts if text.strip()}
    rows = [PurgedText(key=key, digest=digest) for digest in sorted(digests)]
    PurgedText.objects.bulk_create(rows, ignore_conflicts=True)


def key_of(text: bytes) -> str:
    """Return the key of a purged paste that has had this text; nothing when there is none that is off the site."""
    keys = list(PurgedText.objects.filter(digest=_digest(text)).order_by("pk").values_list("key", flat=True))
    shown = set(Paste.objects.filter(key__in=keys, state=State.PUBLISHED).values_list("key", flat=True))
    return next((key for key in keys if key not in shown), "")


def come_back(key: str, file: str) -> None:
    """Purge again a text of a paste that somebody has put into a file; who has purged it elsewhere sees to it there."""
    if not Purge.objects.filter(key=key).exists():
        return
    if not Change.objects.filter(key=key, kind=Kind.REMOVE, moved_from=file, settled_at=None).exists():
        outbox.add(key, Kind.REMOVE, None, moved_from=file)
    Purge.objects.filter(key=key).ask_again()


def _forget_words(key: str) -> None:
    """Erase what the remote has said, and may have quoted of a paste, and what is known of credentials in it.

    Nobody has to decide about its changes any more. In the last error, one cannot tell what is quoted: the next failure
    says it again, without this paste.
    """
    changes = Change.objects.filter(key=key)
    (changes.rejected() | changes.on_secret_hold()).update(settled_at=timezone.now())
    changes.update(rejection="", secrets="")
    Mirror.objects.filter(error_code__in=_QUOTING).update(error=ERASED)
    Purge.objects.filter(error_code__in=_QUOTING).update(error=ERASED)


def _digest(text: bytes) -> str:
    return salted_hmac("gitsync.purged", text, algorithm="sha256").hexdigest()
