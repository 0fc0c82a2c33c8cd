"""The state of a paste's copy outside the database. The app that makes copies registers here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django.db.models import TextField, Value
from django.db.models.expressions import Combinable

if TYPE_CHECKING:
    from pastes.models import Paste


State = Literal["none", "waiting", "held", "refused", "mirrored"]


@dataclass(frozen=True)
class Copy:
    """The copy of a paste: not intended, waiting, held because of its content, refused, or made as a commit.

    `url` shows the commit to people, `clone` is the repository that they can clone; both may be empty.
    """

    state: State
    commit: str = ""
    url: str = ""
    clone: str = ""


NO_COPY = Copy("none")


@dataclass(frozen=True)
class Promise:
    """What an author must know about copies before sending a text, in the language of the page.

    `of_all` says whether pastes are copied, `of_one` is for a single paste that is copied; `takes_expiring` is whether
    pastes with an expiry are.
    """

    of_all: str = ""
    of_one: str = ""
    takes_expiring: bool = False


_StateColumn = Callable[[str], Combinable]
_Reader = Callable[["Paste", str], Copy]
_registered: list[tuple[_StateColumn, _Reader]] = []
_promises: list[Callable[[], Promise]] = []


def register(column: _StateColumn, reader: _Reader) -> None:
    """Register what knows the copies of all pastes.

    `column` returns, for the name of a column of keys, an expression for queries: the state of the copy of each key as
    text, or null. `reader` makes a Copy from a paste and that text, empty for null.
    """
    _registered[:] = [(column, reader)]


def register_promise(promise: Callable[[], Promise]) -> None:
    """Register what knows which pastes are copied."""
    _promises[:] = [promise]


def promise() -> Promise:
    """Return what an author must know about copies; empty when there are none."""
    return _promises[0]() if _promises else Promise()


def state_column(key: str) -> Combinable:
    """Return the expression of a copy's state for queries in which `key` is the column of the keys."""
    return _registered[0][0](key) if _registered else Value(None, output_field=TextField())


def of(paste: Paste) -> Copy:
    """Return the copy of a paste; queries the database unless the paste was loaded with its `copy_state`."""
    if paste.copy_state is None:
        return of_all([paste])[paste.pk]
    return _read(paste, paste.copy_state)


def of_all(pastes: Sequence[Paste]) -> Mapping[int, Copy]:
    """Return the copies of pastes by the primary keys of the pastes."""
    states: dict[int, str | None] = {}
    if pastes:
        rows = type(pastes[0]).objects.filter(pk__in=[paste.pk for paste in pastes])
        states = dict(rows.values_list("pk", state_column("key")))
    return {paste.pk: _read(paste, states.get(paste.pk) or "") for paste in pastes}


def _read(paste: Paste, state: str) -> Copy:
    return _registered[0][1](paste, state) if _registered else NO_COPY
