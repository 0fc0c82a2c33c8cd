"""Limits how many pastes a push by others may remove without an operator's decision."""

from enum import Enum

from gitsync.errors import TooManyRemovedError
from gitsync.outbox.eligibility import mirrored

#: This many removals are always allowed; above that, up to one percent of all pastes.
ALLOWED_REMOVALS = 100


class Removals(Enum):
    """What to do if others removed more pastes than the limit: fail until an operator decides, accept, or undo."""

    ASK = "ask"
    ACCEPT = "accept"
    UNDO = "undo"


def check_limit(count: int, removals: Removals, verb: str = "removed") -> None:
    """Raise TooManyRemovedError if `count` removals exceed the limit and no operator has made a decision."""
    if removals is not Removals.ASK or count <= ALLOWED_REMOVALS:
        return
    total = mirrored().count()
    if total and count > max(ALLOWED_REMOVALS, total // 100):
        raise TooManyRemovedError(f"{count} of {total} pastes were {verb} from Git by others")
