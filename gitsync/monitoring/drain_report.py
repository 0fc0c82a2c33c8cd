"""What a drain has done, told twice in the same words: by one line in the log, and in the row of the mirror."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter

from django.db import Error
from django.utils import timezone

from gitsync.errors import GitsyncError, UnexpectedError
from gitsync.models import Mirror

logger = logging.getLogger(__name__)


@dataclass
class Drained:
    """What a drain has done so far.

    `settled` changes are done with, of which `commits` became a commit in this push; `arrived` were at the remote
    already; `read` pastes of others' were read in, and `purged` ones have left the history. `old_tip` is where the
    branch stood when the rows were last marked.
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
    def is_worth_telling(self) -> bool:
        """Whether it is more than a look that found nothing."""
        return bool(self.settled or self.read or self.purged) or self.old_tip != self.tip

    def begin(self, mirror: Mirror) -> None:
        """Note in the row that the drain is at work: whoever waits for a long one sees since when."""
        if self.mirror is None:  # A clone that was broken is no second beginning.
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


_current: ContextVar[Drained | None] = ContextVar("the account of the drain that is at work", default=None)


def arrived(count: int) -> None:
    """Note that changes had arrived at the remote before."""
    if count:
        logger.info("%d changes had already arrived", count)
    if done := _current.get():
        done.arrived += count


def read_in(what: str, *names: object) -> None:
    """Note that something of others' was read in; `what` is a sentence for the log, with the names that go into it."""
    logger.info(f"read in: {what}", *names)  # noqa: G004  (the names are not in it)
    if done := _current.get():
        done.read += 1


@contextmanager
def account() -> Iterator[Drained]:
    """Yield what a drain fills in as it goes, and tell of it at its end, however it ends."""
    done = Drained()
    token = _current.set(done)
    try:
        yield done
    except Exception as error:
        done.seconds = perf_counter() - done.started
        code = error.code if isinstance(error, GitsyncError) else UnexpectedError.code
        with suppress(Error):  # What has failed is the better thing to know.
            _tell(done, f"drain failed code={code} {done}")
        raise
    finally:
        _current.reset(token)
    done.seconds = perf_counter() - done.started
    _tell(done, f"drained {done}" if done.is_worth_telling else "")


def _tell(done: Drained, words: str) -> None:
    if done.mirror is None:
        return  # It had not begun.
    if words:
        logger.info("%s", words)
    note = {"last_drain": words, "drained_at": timezone.now()} if words else {}
    Mirror.objects.filter(pk=done.mirror.pk).update(drain_began_at=None, **note)
