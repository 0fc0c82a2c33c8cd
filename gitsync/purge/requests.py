"""Records which pastes must be removed from the history, and which content must not return.

Both are recorded in the transaction of the purge. Content is recorded as digests keyed with this site's secret, so a
copy of the database cannot be used to confirm a guess about purged content (docs/adr/0028).
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
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
from gitsync.models import FIRST_PURGE_RETRY, LAST_PURGE_RETRY, Change, Kind, Mirror, Purge, PurgedText, retry_delay
from gitsync.outbox import outbox, wakeup
from pastes.access import secret_keys
from pastes.models import File, Paste, State

logger = logging.getLogger(__name__)

#: Replaces any message from the remote that may quote a purged paste.
ERASED_MESSAGE = "The remote's message was erased because it may quote a purged paste."
_KEYS_PER_QUERY = 2_000
_QUOTING = {RemoteRefusedError.code, RewriteRefusedError.code, PurgeIncompleteError.code, UnexpectedError.code}


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
    """Purge the content of the paste `key` from the file at `path`, where it has reappeared.

    Do nothing if only another site has purged the paste: that site also purges the file.
    """
    if not Purge.objects.filter(key=key).exists():
        return
    if not Change.objects.filter(key=key, kind=Kind.REMOVE, moved_from=path, settled_at=None).exists():
        outbox.add(key, Kind.REMOVE, None, moved_from=path)
    Purge.objects.filter(key=key).request_again()


def is_any_due() -> bool:
    """Return whether the history has to be rewritten now."""
    return Purge.objects.pending().is_any_due()


def is_any_requested(keys: Iterable[str]) -> bool:
    """Return whether a purge was requested for any of these pastes, whether or not it is done."""
    return not set(keys).isdisjoint(Purge.objects.values_list("key", flat=True).iterator(chunk_size=2_000))


def completed_keys() -> set[str]:
    """Return the keys of pastes that have been removed from the history."""
    return set(Purge.objects.exclude(done_at=None).values_list("key", flat=True))


def postpone(keys: Sequence[str], error: GitsyncError) -> None:
    """Record a failed purge. Retry after 5 minutes, doubling the delay each time up to LAST_PURGE_RETRY.

    If the first failure is due to a broken clone, retry immediately, since the clone is recreated.
    """
    if not keys:
        return
    batches = [keys[start : start + _KEYS_PER_QUERY] for start in range(0, len(keys), _KEYS_PER_QUERY)]
    tries = max(Purge.objects.filter(key__in=batch).aggregate(n=Max("tries"))["n"] or 0 for batch in batches) + 1
    is_immediate = tries == 1 and isinstance(error, CloneBrokenError)
    delay = 0.0 if is_immediate else retry_delay(tries, FIRST_PURGE_RETRY, LAST_PURGE_RETRY)
    retry_at = timezone.now() + timedelta(seconds=delay)
    for batch in batches:
        Purge.objects.filter(key__in=batch).update(
            tries=tries, retry_at=retry_at, error_code=error.code, error=str(error)
        )
    logger.error(
        "%d purged pastes are still in the history (%s, next attempt in %.0f s): %s\n%s",
        *(len(keys), error.code, delay, error, error.advice),
    )


def remember_texts(key: str) -> None:
    """Store digests of all of a paste's content that is in the database."""
    texts = File.objects.filter(revision__paste__key=key).values_list("content", flat=True)
    remember(key, (text.encode() for text in texts.iterator(chunk_size=10)))


def remember(key: str, texts: Iterable[bytes]) -> None:
    """Store digests of a purged paste's content, so that it is not imported again."""
    digests = {_digest(text) for text in texts if text.strip()}
    rows = [PurgedText(key=key, digest=digest) for digest in sorted(digests)]
    PurgedText.objects.bulk_create(rows, ignore_conflicts=True)


def purged_key_of(text: bytes) -> str:
    """Return the key of a purged paste that had this content, or an empty string if there is none.

    A paste that a moderator has published again does not count.
    """
    keys = list(PurgedText.objects.filter(digest=_digest(text)).order_by("pk").values_list("key", flat=True))
    published = set(Paste.objects.filter(key__in=keys, state=State.PUBLISHED).values_list("key", flat=True))
    return next((key for key in keys if key not in published), "")


def _erase_remote_messages(key: str) -> None:
    """Erase the remote's messages that may quote a paste, and the record of credentials detected in it.

    Changes that are rejected or on secret hold are settled: they no longer need a decision. The mirror's last error is
    not linked to a paste, so it is erased if it may quote any; the next failure reports it without this paste.
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
