"""The limit on pastes that a push by others may remove without an operator's decision."""

from enum import Enum

from gitsync.errors import TooManyRemovedError
from gitsync.outbox.eligibility import mirrored

#: Number of removals that is always allowed; above it, one in a hundred pastes.
ALLOWED_REMOVALS = 100


class Removals(Enum):
    """What happens when others have removed more pastes than the limit: fail until an operator chooses, or either."""

    ASK = "ask"
    ACCEPT = "accept"
    UNDO = "undo"


def check_limit(count: int, removals: Removals, verb: str = "removed") -> None:
    """Raise TooManyRemovedError when `count` removals exceed the limit and no operator has decided about them."""
    if removals is not Removals.ASK or count <= ALLOWED_REMOVALS:
        return
    total = mirrored().count()
    if total and count > max(ALLOWED_REMOVALS, total // 100):
        raise TooManyRemovedError(f"{count} of {total} pastes were {verb} from Git by others")
