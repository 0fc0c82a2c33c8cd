"""The outbox, the purges, and the state of the mirror."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from time import monotonic
from typing import Self

from django.db import models
from django.utils import timezone

logger = logging.getLogger(__name__)

#: The first and the maximum delay between two attempts after a failure, in seconds.
FIRST_RETRY, LAST_RETRY = 10.0, 300.0
#: The same for a purge, where each attempt rewrites the history.
FIRST_PURGE_RETRY, LAST_PURGE_RETRY = 300.0, 6 * 3600.0
#: A clock difference that is neither corrected nor logged.
_TOLERATED_SECONDS = 2.0
_WARNING_SECONDS = 3600.0
_skew_warned_at: float | None = None
#: If the branch is reset within this time, the push was lost; later, it counts as a history reset.
LOSS_WINDOW = timedelta(minutes=10)


MOVED_FROM_LENGTH = 255


def seconds_until(mark: datetime | None, interval: float) -> float:
    """Return the seconds until `interval` has passed since `mark`: at most `interval`, and 0 or less if it has passed.

    If a mark is further in the future than `interval`, it was set by a clock that differed, and the interval counts as
    passed: otherwise, setting the clock back would stop the mirror for that long. Log the difference once an hour.
    """
    global _skew_warned_at  # noqa: PLW0603  (one per process)
    if mark is None:
        return 0.0
    ahead = (mark - timezone.now()).total_seconds()
    if ahead > _TOLERATED_SECONDS and (_skew_warned_at is None or monotonic() - _skew_warned_at > _WARNING_SECONDS):
        _skew_warned_at = monotonic()
        logger.warning("the clock was set back, or those of two hosts differ: a stored time is %.0f s ahead", ahead)
    return 0.0 if ahead > interval else min(interval, ahead + interval)


def seconds_until_retry(retry_at: datetime | None, delay: float) -> float:
    """Return the seconds until a retry that was scheduled `delay` seconds ahead, with the rules of `seconds_until`."""
    return seconds_until(retry_at - timedelta(seconds=delay), delay) if retry_at else 0.0


def retry_delay(failures: int, first: float, last: float) -> float:
    """Return the seconds to wait after a number of failures: doubled each time, up to `last`."""
    return min(last, first * 2.0 ** min(max(failures - 1, 0), 10))


class Kind(models.TextChoices):
    """What a change does to the tip of the mirror."""

    PUBLISH = "publish"
    EDIT = "edit"
    REMOVE = "remove"
    #: Removal by `resync_git --prune` of a paste that was never in the database; `restore_from_git` undoes it.
    PRUNE = "prune"
    RESTORE = "restore"


class ChangeQuerySet(models.QuerySet["Change"]):
    """Filters for changes."""

    def pending(self) -> ChangeQuerySet:
        """Return changes that the next drain may commit, in the order they were made."""
        may_go = models.Q(embargoed_until=None) | models.Q(embargoed_until__lte=timezone.now())
        return self.filter(may_go, settled_at=None, rejected_at=None, secret_hold_at=None).order_by("id")

    def embargoed(self) -> ChangeQuerySet:
        """Return changes that GITSYNC_EMBARGO still keeps out of Git."""
        return self.filter(settled_at=None, embargoed_until__gt=timezone.now())

    def bound_embargoes(self) -> int:
        """Restart embargoes that began in the future, because the clock has been set back since.

        They do not end early, since authors use the time to delete pastes. Return the number of corrected changes.
        """
        now = timezone.now()
        length = models.F("embargoed_until") - models.F("created_at")
        end = models.ExpressionWrapper(models.Value(now) + length, models.DateTimeField())
        ahead = self.embargoed().filter(created_at__gt=now + timedelta(seconds=_TOLERATED_SECONDS))
        return ahead.update(embargoed_until=end, created_at=now)

    def rejected(self) -> ChangeQuerySet:
        """Return changes that the remote rejected and that have not been retried."""
        return self.filter(settled_at=None, rejected_at__isnull=False)

    def on_secret_hold(self) -> ChangeQuerySet:
        """Return changes that contain a credential and that no moderator has released."""
        return self.filter(settled_at=None, secret_hold_at__isnull=False)


class Change(models.Model):
    """A publication, edit or removal that becomes one commit. The table is the queue: rows are pending until settled.

    A change refers to its paste by key, not by foreign key, because the paste may exist only in Git. `commit` remains
    empty if no commit was needed.
    """

    key = models.CharField(max_length=32)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=7, choices=Kind)
    revision = models.PositiveIntegerField("revision of the paste", null=True)
    created_at = models.DateTimeField()
    embargoed_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    commit = models.CharField(max_length=40, blank=True)
    rejected_at = models.DateTimeField(null=True)
    rejection = models.TextField("reason for the rejection", blank=True)
    #: When a rejected change will be retried automatically, and when a pending one was refused alone while the remote
    #: accepted nothing; see gitsync.sync.bisect.
    retry_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField("refused when pushed alone", null=True)
    #: Failed attempts to create a commit for the change; see gitsync.sync.bisect.
    tries = models.PositiveSmallIntegerField(default=0)
    secret_hold_at = models.DateTimeField("secret hold since", null=True)
    #: The credentials found, one per line, each as a digest and a kind; see gitsync.outbox.secret_hold.
    secrets = models.TextField("credentials", blank=True)
    released_at = models.DateTimeField("released by a moderator", null=True)

    #: The root file that the paste was imported from, which the commit deletes. For a removal, a file in which purged
    #: content of the paste has reappeared.
    moved_from = models.CharField(max_length=MOVED_FROM_LENGTH, blank=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(name="gitsync_unique_change_number", fields=["key", "number"])]
        indexes = [
            models.Index(name="gitsync_pending", fields=["id"], condition=models.Q(settled_at__isnull=True)),
            # Only a few of up to a million unsettled changes are under embargo.
            models.Index(
                name="gitsync_embargoed",
                fields=["embargoed_until"],
                condition=models.Q(settled_at__isnull=True, embargoed_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def name(self) -> str:
        """The change's name in the trailers of its commit, which is as unique as the key."""
        return f"{self.key}.{self.number}"

    @staticmethod
    def parse_name(name: str) -> tuple[str, int] | None:
        """Return the key and number from a change's name, or None if the name is invalid."""
        key, _, number = name.rpartition(".")
        return (key, int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None


class MirrorQuerySet(models.QuerySet["Mirror"]):
    """Filters for mirrors."""

    def with_requests(self) -> MirrorQuerySet:
        """Return mirrors for which a moderator has requested a fetch or a check."""
        return self.filter(models.Q(fetch_requested=True) | models.Q(check_requested=True))


class PurgeQuerySet(models.QuerySet["Purge"]):
    """Filters for purges."""

    def pending(self) -> PurgeQuerySet:
        """Return purges that are not done yet."""
        return self.filter(done_at=None).order_by("id")

    def is_any_due(self) -> bool:
        """Return whether any of these purges should be attempted now."""
        return any(
            seconds_until_retry(retry_at, retry_delay(tries, FIRST_PURGE_RETRY, LAST_PURGE_RETRY)) <= 0
            for tries, retry_at in self.order_by().values_list("tries", "retry_at").distinct()
        )

    def request_again(self) -> int:
        """Reset these purges, so that they are attempted immediately."""
        return self.update(requested_at=timezone.now(), done_at=None, tries=0, retry_at=None, error_code="", error="")


class Purge(models.Model):
    """The removal of a paste from the history of the mirror, pending or done."""

    key = models.CharField(max_length=32, unique=True)
    requested_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    #: Failed attempts to rewrite the history since the last success, and when the next one is due.
    tries = models.PositiveIntegerField("consecutive failures", default=0)
    retry_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=20, blank=True)
    error = models.TextField(blank=True)

    objects = PurgeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.key


class PurgedText(models.Model):
    """A keyed digest of purged content, computed in gitsync.purge.requests, that does not reveal the content.

    It includes content that another site purged from the shared repository, until a moderator shows the paste again.
    """

    key = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(name="gitsync_unique_key_digest", fields=["digest", "key"])]

    def __str__(self) -> str:
        return self.key


class Mirror(models.Model):
    """The state of one branch of one remote: its last known tip, and the results of fetching and pushing."""

    remote = models.CharField(max_length=500)
    branch = models.CharField(max_length=250)
    #: The branch's tip when changes were last settled; empty if there was no branch, null before the first fetch.
    tip = models.CharField(max_length=40, blank=True, null=True)  # noqa: DJ001  (null and empty have different meanings)
    pushed_at = models.DateTimeField("start of the last push", null=True)
    failures = models.PositiveIntegerField("consecutive failures", default=0)
    retry_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=20, blank=True)
    error = models.TextField(blank=True)
    #: Consecutive pushes that the remote accepted but lost within minutes.
    lost_pushes = models.PositiveIntegerField("consecutive lost pushes", default=0)
    #: The search for a change that the remote rejects; see gitsync.sync.bisect.
    suspect_until = models.BigIntegerField(null=True)
    is_selective = models.BooleanField(default=False)
    refusals = models.PositiveIntegerField("changes refused when pushed alone since the last success", default=0)
    #: The size limit for the next push after an interrupted one, null for the full size; see gitsync.sync.batch_size.
    batch_bytes = models.PositiveBigIntegerField(null=True)
    #: When a push last arrived, and totals since the row was created, for monitoring.
    arrived_at = models.DateTimeField("end of the last successful push", null=True)
    commits = models.PositiveBigIntegerField(default=0)
    pushes = models.PositiveBigIntegerField(default=0)
    push_seconds = models.FloatField(default=0.0)
    #: Requests from moderators to the worker.
    fetch_requested = models.BooleanField(default=False)
    check_requested = models.BooleanField(default=False)
    #: When the branch was last fetched; null if a fetch is requested.
    fetched_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    #: When the running drain started (or one whose worker was killed), and the result of the last drain with any work.
    drain_began_at = models.DateTimeField("drain running since", null=True)
    drained_at = models.DateTimeField("end of the last drain", null=True)
    last_drain = models.TextField("result of the last drain", blank=True)
    #: When all objects of the remote were last read, and Git's messages about corrupt or missing ones.
    verified_at = models.DateTimeField("objects verified", null=True)
    damage = models.TextField(blank=True)
    check_result = models.TextField("result of the last check", blank=True)

    objects = MirrorQuerySet.as_manager()

    class Meta:
        verbose_name = "mirror"
        verbose_name_plural = "mirror"
        constraints = [models.UniqueConstraint(name="gitsync_unique_branch", fields=["remote", "branch"])]

    def __str__(self) -> str:
        return f"{self.branch} of {self.remote}"

    @classmethod
    def of(cls, remote: str, branch: str) -> Self:
        """Return the row for a branch, creating it if necessary."""
        return cls.objects.get_or_create(remote=remote, branch=branch)[0]

    @property
    def has_just_pushed(self) -> bool:
        """Whether the last push arrived within LOSS_WINDOW."""
        return self.arrived_at is not None and abs(timezone.now() - self.arrived_at) < LOSS_WINDOW

    @property
    def is_losing_pushes(self) -> bool:
        """Whether the remote has lost several consecutive pushes; a single loss counts as a manual history reset."""
        return self.lost_pushes > 1

    def seconds_until_push(self, interval: float) -> float:
        """Return the seconds until `interval` has passed since the last push, but never more than `interval`."""
        return seconds_until(self.pushed_at, interval)

    def is_fetch_due(self, interval: float | None) -> bool:
        """Return whether a fetch is requested, or `interval` seconds have passed since the last one.

        An `interval` of 0 means only on request; None means never.
        """
        if interval is None or self.fetched_at is None:
            return interval is not None
        return interval > 0 and seconds_until(self.fetched_at, interval) <= 0

    def seconds_until_retry(self) -> float:
        """Return the seconds until the next attempt after a failure, or 0 or less if it may start."""
        return seconds_until_retry(self.retry_at, retry_delay(self.failures, FIRST_RETRY, LAST_RETRY))


class Failure(models.Model):
    """Counts failures of one kind on a branch."""

    mirror = models.ForeignKey(Mirror, on_delete=models.CASCADE, related_name="failed")
    code = models.CharField(max_length=20)
    count = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(name="gitsync_unique_failure_code", fields=["mirror", "code"])]

    def __str__(self) -> str:
        return f"{self.code}: {self.count}"

    @classmethod
    def note(cls, mirror: Mirror, code: str) -> None:
        """Count one more failure."""
        row, _ = cls.objects.get_or_create(mirror=mirror, code=code)
        cls.objects.filter(pk=row.pk).update(count=models.F("count") + 1, last_at=timezone.now())


class ProgramSign(models.Model):
    """The last sign of life of the worker or the scheduler; see gitsync.monitoring.signs."""

    name = models.CharField(max_length=20, unique=True)
    seen_at = models.DateTimeField()
    #: Whether it has been started and not stopped since, and how often it has crashed since it last ran well.
    is_running = models.BooleanField(default=True)
    failures = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name
