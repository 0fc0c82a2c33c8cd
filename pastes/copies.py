"""Where the copy of a paste outside the database stands. Whoever keeps copies registers here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pastes.models import Paste


@dataclass(frozen=True)
class Copy:
    """The copy of a paste: not to be made, waiting, held for what is in it, refused, or made, as a commit.

    `url` is where people look at the commit, `clone` what they may clone to have it; either may be nowhere.
    """

    state: Literal["none", "waiting", "held", "refused", "mirrored"]
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


Keeper = Callable[["Paste"], Copy]
ListKeeper = Callable[[Sequence["Paste"]], Mapping[int, Copy]]
_keepers: list[tuple[Keeper, ListKeeper]] = []
_promises: list[Callable[[], Promise]] = []


def kept_by(keeper: Keeper, of_list: ListKeeper) -> None:
    """Let `keeper` answer for every paste from now on, and `of_list` for many at once, by their primary keys."""
    _keepers[:] = [(keeper, of_list)]


def promised_by(promise: Callable[[], Promise]) -> None:
    """Let `promise` say which pastes are copied."""
    _promises[:] = [promise]


def promise() -> Promise:
    """Return what an author has to know about copies before the text is sent; without words when there are none."""
    return _promises[0]() if _promises else Promise()


def of(paste: Paste) -> Copy:
    """Return where the copy of the paste stands."""
    return _keepers[0][0](paste) if _keepers else NO_COPY


def of_all(pastes: Sequence[Paste]) -> Mapping[int, Copy]:
    """Return where the copies of these pastes stand, by the primary keys of the pastes."""
    return _keepers[0][1](pastes) if _keepers else dict.fromkeys([paste.pk for paste in pastes], NO_COPY)
