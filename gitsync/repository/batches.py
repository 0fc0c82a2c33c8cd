"""Splits long work into batches of a bounded size, between which it can be stopped."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from gitsync import watchdog
from gitsync.errors import RemoteTimeoutError
from gitsync.repository.process import stop_requested

Item = TypeVar("Item")


def in_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of at most `size`. Raises RemoteTimeoutError if the worker is asked to stop."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
        watchdog.beat()
        if stop_requested.is_set():
            raise RemoteTimeoutError("the worker was asked to stop")
