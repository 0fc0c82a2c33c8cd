"""Counts rows, to show that a refused request stored nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from gitsync.models import Change
from pastes.models import File, Paste, Revision


def count_rows() -> dict[str, int]:
    """Return the number of rows in the tables of pastes, keyed by model."""
    return {model.__name__: model._default_manager.count() for model in (Paste, Revision, File, Change)}


@contextmanager
def nothing_stored() -> Iterator[None]:
    """Fail if the block adds or removes a row."""
    before = count_rows()
    yield
    assert count_rows() == before
