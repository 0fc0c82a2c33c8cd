"""Reads the mirror's status from the database: pending changes, pushes and errors. Uses neither Git nor the remote."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from gitsync import clone_lock
from gitsync.advice import advice_for
from gitsync.errors import LockHeldError, MisconfiguredError, RemoteDamagedError
from gitsync.models import Change, Mirror, Purge
from gitsync.remote import addresses


@dataclass(frozen=True)
class Queue:
    """The outbox in numbers: pending changes, the age of the oldest in seconds, and changes that are not due."""

    pending: int
    oldest_seconds: float
    embargoed: int
    rejected: int
    on_secret_hold: int


@dataclass(frozen=True)
class Purges:
    """Pending purges: their keys, oldest first, the age of the oldest in seconds, and the last error, if any."""

    keys: list[str]
    oldest_seconds: float
    retry_at: datetime | None
    error_code: str
    error: str
    advice: str


@dataclass(frozen=True)
class BranchStatus:
    """The status of one branch of one remote."""

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
    verified_at: datetime | None
    damage: str
    damage_advice: str
    drain_began_at: datetime | None
    drained_at: datetime | None
    last_drain: str


def error_code(mirror: Mirror) -> str:
    """Return the code of the current error; without one, that of a damaged remote, or an empty string."""
    return _error(mirror)[0] or (RemoteDamagedError.code if mirror.damage else "")


def _error(mirror: Mirror) -> tuple[str, str]:
    """Return the code and message of the last error; without one, that of a stopped holder of the clone's lock.

    A single worker that is stopped cannot record that itself.
    """
    if not mirror.error_code and (holder := clone_lock.stuck_holder()):
        return LockHeldError.code, str(holder)
    return mirror.error_code, mirror.error


def oldest_seconds() -> float:
    """Return the age of the oldest pending change in seconds, or 0 if there is none.

    Changes from before the clock was set back are ignored: they would hide the age of all later ones.
    """
    now = timezone.now()
    rows = Change.objects.pending().filter(created_at__lte=now).values_list("created_at", "embargoed_until")
    created_at, embargoed_until = rows.first() or (None, None)
    since = max(filter(None, (created_at, embargoed_until)), default=None)
    return max((now - since).total_seconds(), 0.0) if since else 0.0


def queue() -> Queue:
    """Count the outbox."""
    changes = Change.objects
    return Queue(
        pending=changes.pending().count(),
        oldest_seconds=oldest_seconds(),
        embargoed=changes.embargoed().count(),
        rejected=changes.rejected().count(),
        on_secret_hold=changes.on_secret_hold().count(),
    )


def current() -> Mirror | None:
    """Return the row of the configured branch; all other rows belong to former remotes.

    A web process may not have the worker's data folder, which contains the default remote. In that case, return the row
    with the last push.
    """
    try:
        url = addresses.configured().url
    except MisconfiguredError:
        return None
    mirror = Mirror.objects.filter(remote=url, branch=settings.GITSYNC_BRANCH).first()
    if mirror is None and settings.GITSYNC_IS_DEFAULT_REMOTE:
        mirror = Mirror.objects.order_by(F("pushed_at").desc(nulls_last=True), "-pk").first()
    return mirror


def purges() -> Purges:
    """Return the pending purges."""
    pending = list(Purge.objects.pending().order_by("requested_at", "id"))
    failed = next((purge for purge in pending if purge.error_code), None)
    return Purges(
        keys=[purge.key for purge in pending],
        oldest_seconds=max((timezone.now() - pending[0].requested_at).total_seconds(), 0.0) if pending else 0.0,
        retry_at=failed.retry_at if failed else None,
        error_code=failed.error_code if failed else "",
        error=failed.error if failed else "",
        advice=advice_for(failed.error_code) if failed else "",
    )


def of(mirror: Mirror) -> BranchStatus:
    """Return the status of a branch."""
    code, message = _error(mirror)
    return BranchStatus(
        remote=mirror.remote,
        branch=mirror.branch,
        tip=mirror.tip or "",
        pushed_at=mirror.pushed_at,
        arrived_at=mirror.arrived_at,
        failures=mirror.failures,
        retry_at=mirror.retry_at,
        error_code=code,
        error=message,
        advice=advice_for(code),
        verified_at=mirror.verified_at,
        damage=mirror.damage,
        damage_advice=RemoteDamagedError.advice if mirror.damage else "",
        drain_began_at=mirror.drain_began_at,
        drained_at=mirror.drained_at,
        last_drain=mirror.last_drain,
    )
