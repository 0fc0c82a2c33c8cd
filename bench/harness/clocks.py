"""Measure the duration of each step of a drain from the outside, without changes to the code."""

import contextlib
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any
from unittest import mock

from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository
from gitsync.sync import drain as draining

#: The steps in order: fetch from the remote, load the pastes, write to fast-import, push, settle the rows.
STEPS = ("fetch", "load", "import", "push", "settle")


@contextlib.contextmanager
def clocks() -> Iterator[dict[str, float]]:
    """Yield a dictionary that contains, after the block, the seconds spent in each step of the drain inside it."""
    seconds = dict.fromkeys(STEPS, 0.0)
    with contextlib.ExitStack() as stack:
        for place, name, step in (
            (Remote, "fetch", "fetch"),
            (Repository, "write", "import"),
            (Remote, "push", "push"),
            (draining, "_settle", "settle"),
        ):
            stack.enter_context(mock.patch.object(place, name, _timed(getattr(place, name), seconds, step)))
        commits = _timed_generator(getattr(draining, "_commits"), seconds, "load")  # noqa: B009  (a private name)
        stack.enter_context(mock.patch.object(draining, "_commits", commits))
        yield seconds
    seconds["import"] -= seconds["load"]  # The pastes are loaded while writing to fast-import.


def _timed(function: Callable[..., Any], seconds: dict[str, float], step: str) -> Callable[..., Any]:
    def timed(*arguments: Any, **options: Any) -> Any:
        started = perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            seconds[step] += perf_counter() - started

    return timed


def _timed_generator(function: Callable[..., Any], seconds: dict[str, float], step: str) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Iterator[Any]:
        rows = function(*arguments)
        while True:
            started = perf_counter()
            row = next(rows, None)
            seconds[step] += perf_counter() - started
            if row is None:
                return
            yield row

    return timed
