"""Counts what is stored, so that a refusal can be shown to have stored nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from gitsync.models import Change
from pastes.models import File, Paste, Revision


def stored() -> dict[str, int]:
    """Return how many rows there are of everything that a paste consists of."""
    return {model.__name__: model._default_manager.count() for model in (Paste, Revision, File, Change)}


@contextmanager
def nothing_stored() -> Iterator[None]:
    """Fail when what happens inside leaves a row behind, or takes one away."""
    before = stored()
    yield
    assert stored() == before
