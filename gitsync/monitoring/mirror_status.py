"""How the mirror stands, from rows alone: what waits, what has arrived, what went wrong. No Git, no remote."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from gitsync.errors import MisconfiguredError, advice_for
from gitsync.models import Change, Mirror, Purge
from gitsync.remote import addresses


@dataclass(frozen=True)
class Queue:
    """What is in the outbox: changes that wait, the age of the oldest in seconds, and those that do not."""

    pending: int
    oldest_seconds: float
    embargoed: int
    rejected: int
    on_secret_hold: int


@dataclass(frozen=True)
class Purges:
    """What was purged and is still in the history: keys, the oldest first, and why the last try has failed, if it has.

    `oldest_seconds` is how long the first has been waiting.
    """

    keys: list[str]
    oldest_seconds: float
    retry_at: datetime | None
    error_code: str
    error: str
    advice: str


@dataclass(frozen=True)
class Standing:
    """What is known of one branch of one remote."""

    remote: str
    branch: str
    tip: str
    pushed_at: datetime | None
    arrived_at: datetime | None
    failures: int
    retry_at: datetime | None
    error_code: str
    error: str
    advice: str
    drain_began_at: datetime | None
    drained_at: datetime | None
    last_drain: str


def oldest_seconds() -> float:
    """Return for how long the oldest pending change has been waiting, in seconds; 0 when none does."""
    rows = Change.objects.pending().values_list("created_at", "embargoed_until")
    created_at, embargoed_until = rows.first() or (None, None)
    since = max(filter(None, (created_at, embargoed_until)), default=None)
    return max((timezone.now() - since).total_seconds(), 0.0) if since else 0.0


def queue() -> Queue:
    """Return what is in the outbox now."""
    changes = Change.objects
    return Queue(
        pending=changes.pending().count(),
        oldest_seconds=oldest_seconds(),
        embargoed=changes.embargoed().count(),
        rejected=changes.rejected().count(),
        on_secret_hold=changes.on_secret_hold().count(),
    )


def current() -> Mirror | None:
    """Return the row of the branch that the settings name; all others are of former remotes.

    A web process need not have the worker's data folder, in which the default remote lies: for it, that is where the
    last push went.
    """
    try:
        where = {"remote": addresses.configured().url, "branch": settings.GITSYNC_BRANCH}
    except MisconfiguredError:
        return None
    found = Mirror.objects.filter(**where).first()
    if found is None and settings.GITSYNC_IS_DEFAULT_REMOTE:
        found = Mirror.objects.order_by(F("pushed_at").desc(nulls_last=True), "-pk").first()
    return found


def purges() -> Purges:
    """Return what waits for being purged from the history."""
    waiting = list(Purge.objects.waiting().order_by("requested_at", "id"))
    failed = next((purge for purge in waiting if purge.error_code), None)
    return Purges(
        keys=[purge.key for purge in waiting],
        oldest_seconds=max((timezone.now() - waiting[0].requested_at).total_seconds(), 0.0) if waiting else 0.0,
        retry_at=failed.retry_at if failed else None,
        error_code=failed.error_code if failed else "",
        error=failed.error if failed else "",
        advice=advice_for(failed.error_code) if failed else "",
    )


def of(mirror: Mirror) -> Standing:
    """Return how a branch stands."""
    return Standing(
        remote=mirror.remote,
        branch=mirror.branch,
        tip=mirror.tip or "",
        pushed_at=mirror.pushed_at,
        arrived_at=mirror.arrived_at,
        failures=mirror.failures,
        retry_at=mirror.retry_at,
        error_code=mirror.error_code,
        error=mirror.error,
        advice=advice_for(mirror.error_code),
        drain_began_at=mirror.drain_began_at,
        drained_at=mirror.drained_at,
        last_drain=mirror.last_drain,
    )
