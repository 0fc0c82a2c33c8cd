"""The state of a paste's copy outside the database. The app that creates the copies registers its functions here."""

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
    """The copy of a paste: not planned, pending, held back because of its content, rejected, or stored as a commit.

    `url` is a web page that shows the commit, and `clone` is the URL to clone the repository from. Both may be empty.
    """

    state: State
    commit: str = ""
    url: str = ""
    clone: str = ""


NO_COPY = Copy("none")


@dataclass(frozen=True)
class Notices:
    """What authors need to know about copies before they send a paste, in the language of the page.

    `general_notice` is for the site as a whole and `paste_notice` for a paste that is copied. `includes_expiring` is
    True if pastes with an expiry are copied as well.
    """

    general_notice: str = ""
    paste_notice: str = ""
    includes_expiring: bool = False


_StateColumn = Callable[[str], Combinable]
_Reader = Callable[["Paste", str], Copy]
_registered: list[tuple[_StateColumn, _Reader]] = []
_notices: list[Callable[[], Notices]] = []


def register(column: _StateColumn, reader: _Reader) -> None:
    """Register the functions that look up the copies of pastes.

    `column` takes the name of a column that contains keys and returns a query expression: the state of the copy of each
    key as text, or null. `reader` builds a Copy from a paste and that text, which is empty if the state is null.
    """
    _registered[:] = [(column, reader)]


def register_notices(notices: Callable[[], Notices]) -> None:
    """Register the function that returns the notices about copies."""
    _notices[:] = [notices]


def notices() -> Notices:
    """Return the notices about copies, which are empty if no copies are made."""
    return _notices[0]() if _notices else Notices()


def state_column(key: str) -> Combinable:
    """Return a query expression for the state of a copy, where `key` is the name of the column with the key."""
    return _registered[0][0](key) if _registered else Value(None, output_field=TextField())


def of(paste: Paste) -> Copy:
    """Return the copy of a paste. Query the database unless the paste was loaded with its `copy_state`."""
    if paste.copy_state is None:
        return of_all([paste])[paste.pk]
    return _read(paste, paste.copy_state)


def of_all(pastes: Sequence[Paste]) -> Mapping[int, Copy]:
    """Return the copies of the given pastes, keyed by the pastes' primary keys."""
    states: dict[int, str | None] = {}
    if pastes:
        rows = type(pastes[0]).objects.filter(pk__in=[paste.pk for paste in pastes])
        states = dict(rows.values_list("pk", state_column("key")))
    return {paste.pk: _read(paste, states.get(paste.pk) or "") for paste in pastes}


def _read(paste: Paste, state: str) -> Copy:
    return _registered[0][1](paste, state) if _registered else NO_COPY
