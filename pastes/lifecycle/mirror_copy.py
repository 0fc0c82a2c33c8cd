"""Where the copy of a paste outside the database stands. Whoever keeps copies registers here."""

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
    """The copy of a paste: not to be made, waiting, held for what is in it, refused, or made, as a commit.

    `url` is where people look at the commit, `clone` what they may clone to have it; either may be nowhere.
    """

    state: State
    commit: str = ""
    url: str = ""
    clone: str = ""


NO_COPY = Copy("none")


@dataclass(frozen=True)
class Promise:
    """What authors have to know before they send a text, in the language of the page.

    `of_all` says of any paste whether it is copied, `of_one` of one that is; `takes_expiring` is whether those with an
    expiry are.
    """

    of_all: str = ""
    of_one: str = ""
    takes_expiring: bool = False


_Standing = Callable[[str], Combinable]
_Reader = Callable[["Paste", str], Copy]
_keepers: list[tuple[_Standing, _Reader]] = []
_promises: list[Callable[[], Promise]] = []


def kept_by(standing: _Standing, reader: _Reader) -> None:
    """Let a keeper answer for every paste from now on.

    `standing` gets the name of a column of keys, and returns an expression of text, or null, for queries with that
    column: what rows say of the copy of each. `reader` makes a Copy of a paste and that text, which is empty for null.
    """
    _keepers[:] = [(standing, reader)]


def promised_by(promise: Callable[[], Promise]) -> None:
    """Let `promise` say which pastes are copied."""
    _promises[:] = [promise]


def promise() -> Promise:
    """Return what an author has to know about copies before the text is sent; without words when there are none."""
    return _promises[0]() if _promises else Promise()


def standing(key: str) -> Combinable:
    """Return an expression of what rows say of the copy of a paste, for queries in which `key` names its key."""
    return _keepers[0][0](key) if _keepers else Value(None, output_field=TextField())


def of(paste: Paste) -> Copy:
    """Return where the copy of the paste stands; asks the database unless the paste was found with its standing."""
    if paste.standing is None:
        return of_all([paste])[paste.pk]
    return _copy(paste, paste.standing)


def of_all(pastes: Sequence[Paste]) -> Mapping[int, Copy]:
    """Return where the copies of these pastes stand, by the primary keys of the pastes."""
    known: dict[int, str | None] = {}
    if pastes:
        of_these = type(pastes[0]).objects.filter(pk__in=[paste.pk for paste in pastes])
        known = dict(of_these.values_list("pk", standing("key")))
    return {paste.pk: _copy(paste, known.get(paste.pk) or "") for paste in pastes}


def _copy(paste: Paste, known: str) -> Copy:
    return _keepers[0][1](paste, known) if _keepers else NO_COPY
