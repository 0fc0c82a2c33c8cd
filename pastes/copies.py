"""Where the copy of a paste outside the database stands. Whoever keeps copies registers here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pastes.models import Paste


@dataclass(frozen=True)
class Copy:
    """The copy of a paste: not to be made, waiting to be made, or made, as the commit of this id."""

    state: Literal["none", "waiting", "mirrored"]
    commit: str = ""


NO_COPY = Copy("none")
Keeper = Callable[["Paste"], Copy]
_keepers: list[Keeper] = []


def kept_by(keeper: Keeper) -> None:
    """Let `keeper` answer for every paste from now on."""
    _keepers[:] = [keeper]


def of(paste: Paste) -> Copy:
    """Return where the copy of the paste stands."""
    return _keepers[0](paste) if _keepers else NO_COPY
