"""All commits of a history at eight bytes each, to ask which commits of many rows it holds. Pure: no Git."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

_DIGITS = 16


class Ancestors:
    """The commits that were listed, one line each, as the first 64 bits of their ids.

    Two ids of a million agree in these by chance once in 37 million histories; a change would then stay settled.
    """

    def __init__(self, listing: Iterable[bytes]) -> None:
        self._sorted = array("Q", sorted(array("Q", (int(line[:_DIGITS], 16) for line in listing))))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._sorted)

    def __contains__(self, commit: object) -> bool:
        """Whether a commit is one of them."""
        wanted = int(str(commit)[:_DIGITS], 16)
        place = bisect_left(self._sorted, wanted)
        return place < len(self._sorted) and self._sorted[place] == wanted
