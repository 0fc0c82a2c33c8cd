"""Which pastes the history has to lose, recorded in the transaction of the purge, and which texts must not return.

Texts are recorded as digests keyed with this site's secret, so a copy of the database does not confirm a guess at what
a purged text was (docs/adr/0028).
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
    MisconfiguredError,
    PurgeIncompleteError,
    RemoteRefusedError,
    RewriteRefusedError,
    UnexpectedError,
)
from gitsync.models import LAST_PURGE_RETRY, Change, Kind, Mirror, Purge, PurgedText
from gitsync.outbox import outbox, wakeup
from pastes.access import secret_keys
from pastes.models import File, Paste, State

logger = logging.getLogger(__name__)

#: Replaces a message of the remote that may quote a purged paste.
ERASED_MESSAGE = "The remote's message was erased because it may quote a purged paste."
_QUOTING = {RemoteRefusedError.code, RewriteRefusedError.code, PurgeIncompleteError.code, UnexpectedError.code}
_FIRST_RETRY = timedelta(minutes=5)


def request_purge(sender: object, key: str, **kwargs: Any) -> None:
    """Handle `paste_purged`: remove the paste from the tip and from the history."""
    Purge.objects.get_or_create(key=key, defaults={"requested_at": timezone.now()})
    Purge.objects.filter(key=key).request_again()
    remember_texts(key)
    _erase_remote_messages(key)
    if Change.objects.filter(key=key).exists():
        outbox.add(key, Kind.REMOVE, None)
    transaction.on_commit(wakeup.drain.request)


def request_file_purge(key: str, path: str) -> None:
    """Purge a text of the paste `key` from the file at `path`, to which it has returned.

    Does nothing when the paste was purged by another site alone: that site purges the file.
    """
    if not Purge.objects.filter(key=key).exists():
        return
    if not Change.objects.filter(key=key, kind=Kind.REMOVE, moved_from=path, settled_at=None).exists():
        outbox.add(key, Kind.REMOVE, None, moved_from=path)
    Purge.objects.filter(key=key).request_again()


def is_any_due() -> bool:
    """Return whether the history has to be rewritten now."""
    return Purge.objects.due().exists()


def is_any_requested(keys: Iterable[str]) -> bool:
    """Return whether the purge of any of these pastes was requested, done or not."""
    return not set(keys).isdisjoint(Purge.objects.values_list("key", flat=True).iterator(chunk_size=2_000))


def completed_keys() -> set[str]:
    """Return the keys of the pastes that have left the history."""
    return set(Purge.objects.exclude(done_at=None).values_list("key", flat=True))


def postpone(keys: Sequence[str], error: GitsyncError) -> None:
    """Record a failed purge; retry it after 5 minutes, then after twice as long each time up to LAST_PURGE_RETRY.

    After a first failure with a broken clone the retry is immediate, since the clone is made anew.
    """
    if not keys:
        return
    tries = max(Purge.objects.filter(key__in=keys).values_list("tries", flat=True), default=0) + 1
    is_immediate = tries == 1 and isinstance(error, CloneBrokenError)
    delay = timedelta(0) if is_immediate else min(LAST_PURGE_RETRY, _FIRST_RETRY * 2 ** min(tries - 1, 10))
    Purge.objects.filter(key__in=keys).update(
        tries=tries, retry_at=timezone.now() + delay, error_code=error.code, error=str(error)
    )
    logger.error(
        "%d purged pastes are still in the history (%s, next attempt in %.0f s): %s\n%s",
        *(len(keys), error.code, delay.total_seconds(), error, error.advice),
    )


def remember_texts(key: str) -> None:
    """Store the digests of all texts of a paste that are in the database."""
    texts = File.objects.filter(revision__paste__key=key).values_list("content", flat=True)
    remember(key, (text.encode() for text in texts.iterator(chunk_size=10)))


def remember(key: str, texts: Iterable[bytes]) -> None:
    """Store the digests of texts that a purged paste had, so that they are not read in again."""
    digests = {_digest(text) for text in texts if text.strip()}
    rows = [PurgedText(key=key, digest=digest) for digest in sorted(digests)]
    PurgedText.objects.bulk_create(rows, ignore_conflicts=True)


def purged_key_of(text: bytes) -> str:
    """Return the key of a purged paste that had this text, or the empty string.

    A paste that a moderator has published again does not count.
    """
    keys = list(PurgedText.objects.filter(digest=_digest(text)).order_by("pk").values_list("key", flat=True))
    published = set(Paste.objects.filter(key__in=keys, state=State.PUBLISHED).values_list("key", flat=True))
    return next((key for key in keys if key not in published), "")


def _erase_remote_messages(key: str) -> None:
    """Erase messages of the remote that may quote a paste, and the credentials that were detected in it.

    Changes that are rejected or on secret hold are settled: no decision about them is needed any more. The mirror's
    last error names no paste, so it is erased when it may quote one; the next failure reports it without this paste.
    """
    changes = Change.objects.filter(key=key)
    (changes.rejected() | changes.on_secret_hold()).update(settled_at=timezone.now())
    changes.update(rejection="", secrets="")
    Mirror.objects.filter(error_code__in=_QUOTING).update(error=ERASED_MESSAGE)
    Purge.objects.filter(error_code__in=_QUOTING).update(error=ERASED_MESSAGE)


def _digest(text: bytes) -> str:
    try:
        key = secret_keys.digest_key()
    except secret_keys.ForeignSecretKeyError as error:
        raise MisconfiguredError(str(error)) from None
    return salted_hmac("gitsync.purged", text, secret=key, algorithm="sha256").hexdigest()
