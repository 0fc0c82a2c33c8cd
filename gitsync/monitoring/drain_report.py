"""Reports what a drain did, in the log and, with the same wording, in the mirror's row."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter

from django.db import Error
from django.utils import timezone

from gitsync.errors import as_gitsync_error
from gitsync.models import Mirror

logger = logging.getLogger(__name__)


@dataclass
class DrainReport:
    """What a drain has done so far.

    It counts changes that were `settled`, `commits` in this push, changes that had already `arrived` at the remote,
    pastes by others that were `read` from the remote, and pastes that were `purged` from the history. The branch moved
    from `old_tip`, as last recorded, to `tip`.
    """

    mirror: Mirror | None = None
    settled: int = 0
    commits: int = 0
    arrived: int = 0
    read: int = 0
    purged: int = 0
    old_tip: str = ""
    tip: str = ""
    started: float = 0.0
    seconds: float = 0.0

    @property
    def is_notable(self) -> bool:
        """Whether anything happened other than a fetch that found nothing new."""
        return bool(self.settled or self.read or self.purged) or self.old_tip != self.tip

    def begin(self, mirror: Mirror) -> None:
        """Record in the mirror's row that a drain is running, so that a long one is visible."""
        if self.mirror is None:  # A second run, on a new clone, continues the report.
            self.old_tip = self.tip = mirror.tip or ""
            self.started = perf_counter()
        self.mirror = mirror
        now = timezone.now()
        Mirror.objects.filter(pk=mirror.pk).update(fetched_at=now, drain_began_at=now)

    def __str__(self) -> str:
        counts = " ".join(
            f"{name}={getattr(self, name)}" for name in ("settled", "commits", "arrived", "read", "purged")
        )
        return f"{counts} seconds={self.seconds:.3f} range={self.old_tip[:10]}..{self.tip[:10]}"


_current: ContextVar[DrainReport | None] = ContextVar("the report of the running drain", default=None)


def add_arrived(count: int) -> None:
    """Record that changes were already on the remote."""
    if count:
        logger.info("%d changes had already arrived", count)
    if report := _current.get():
        report.arrived += count


def add_imported(message: str, *names: object) -> None:
    """Record that a paste by others was imported; `message` and its arguments are logged."""
    logger.info(f"imported: {message}", *names)  # noqa: G004  (the names are not in it)
    if report := _current.get():
        report.read += 1


@contextmanager
def recording() -> Iterator[DrainReport]:
    """Yield a report for a drain to fill in, and publish it at the end, even after an error."""
    report = DrainReport()
    token = _current.set(report)
    try:
        yield report
    except Exception as error:
        report.seconds = perf_counter() - report.started
        code = as_gitsync_error(error).code
        with suppress(Error):  # The error of the drain matters more.
            _publish(report, f"drain failed code={code} {report}")
        raise
    finally:
        _current.reset(token)
    report.seconds = perf_counter() - report.started
    _publish(report, f"drained {report}" if report.is_notable else "")


def _publish(report: DrainReport, line: str) -> None:
    if report.mirror is None:
        return  # The drain had not begun.
    if line:
        logger.info("%s", line)
    last_drain = {"last_drain": line, "drained_at": timezone.now()} if line else {}
    Mirror.objects.filter(pk=report.mirror.pk).update(drain_began_at=None, **last_drain)
