"""How long the steps of a drain take, measured from the outside: the product knows nothing of it."""

import contextlib
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any
from unittest import mock

from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository
from gitsync.sync import drain as draining

#: The steps, in their order: ask the remote, read the pastes, feed fast-import, push, mark the rows.
STEPS = ("look", "load", "import", "push", "mark")


@contextlib.contextmanager
def clocks() -> Iterator[dict[str, float]]:
    """Yield a table that holds, when the block has ended, the seconds of each step of the drain inside it."""
    seconds = dict.fromkeys(STEPS, 0.0)
    with contextlib.ExitStack() as stack:
        for place, name, step in (
            (Remote, "fetch", "look"),
            (Repository, "write", "import"),
            (Remote, "push", "push"),
            (draining, "_settle", "mark"),
        ):
            stack.enter_context(mock.patch.object(place, name, _timed(getattr(place, name), seconds, step)))
        commits = _timed_generator(getattr(draining, "_commits"), seconds, "load")  # noqa: B009  (a private name)
        stack.enter_context(mock.patch.object(draining, "_commits", commits))
        yield seconds
    seconds["import"] -= seconds["load"]  # The pastes are read while fast-import is being fed.


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
