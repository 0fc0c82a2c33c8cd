"""What changed between two revisions, as unified diffs that `patch` takes. Pure.

Finding the shortest difference takes steps that grow with the square of what differs; where they are too many, the
differing part is shown as taken out and put in whole, which is as true and can be bounded.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import isqrt

from pastes.models import File

#: What comparing two revisions may cost: some three tenths of a second.
MOST_STEPS = 600_000
_CONTEXT = 3
_LINE = re.compile(r"[^\n]*\n|[^\n]+")

#: `equal`, `replace`, `delete` or `insert`, the first line before and the one after the last, and the same afterwards.
Operation = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class Difference:
    """What became of a file: `added`, `removed` or `changed`, and its unified diff."""

    name: str
    change: str
    diff: str


class Effort:
    """The steps that are left for an answer, however many files it compares."""

    def __init__(self, steps: int = MOST_STEPS) -> None:
        self.steps = steps


def between(before: Sequence[File], after: Sequence[File]) -> list[Difference]:
    """Return the files that differ, by their names, in the order of the later revision; removed ones come last."""
    old, new = ({file.name: file for file in files} for files in (before, after))
    effort = Effort()
    found = []
    for name in [*new, *(name for name in old if name not in new)]:
        one, other = old.get(name), new.get(name)
        if one is None and other is not None:
            found.append(Difference(name, "added", unified("", other.content, "", name)))
        elif other is None and one is not None:
            found.append(Difference(name, "removed", unified(one.content, "", name, "")))
        elif one and other and one.oid != other.oid:
            found.append(Difference(name, "changed", unified(one.content, other.content, name, name, effort)))
    return found


def unified(before: str, after: str, old_name: str, new_name: str, effort: Effort | None = None) -> str:
    """Return the unified diff of two texts; an empty name is a file that is not there."""
    old, new = lines_of(before), lines_of(after)
    lines = [f"--- {_path('a', old_name)}\n", f"+++ {_path('b', new_name)}\n"]
    for group in hunks(old, new, effort or Effort()):
        (_, old_start, _, new_start, _), (_, _, old_end, _, new_end) = group[0], group[-1]
        lines.append(f"@@ -{_range(old_start, old_end)} +{_range(new_start, new_end)} @@\n")
        for kind, i, j, k, m in group:
            if kind == "equal":
                lines += [f" {line}" for line in old[i:j]]
            else:
                lines += [f"-{line}" for line in old[i:j]]
                lines += [f"+{line}" for line in new[k:m]]
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def lines_of(text: str) -> list[str]:
    """Return the lines of a text with their line ends; only a line feed ends a line."""
    return _LINE.findall(text)


def hunks(old: list[str], new: list[str], effort: Effort) -> Iterable[list[Operation]]:
    """Return what has to be done to get from one to the other, in groups with a few equal lines around them."""
    matcher = SequenceMatcher(None, "", "")
    matcher.opcodes = operations(old, new, effort)  # type: ignore[attr-defined]  # It groups what it is given.
    return matcher.get_grouped_opcodes(_CONTEXT)


def operations(old: list[str], new: list[str], effort: Effort) -> list[Operation]:
    """Return what has to be done to get from one to the other; what both begin and end with is never searched."""
    start = _common(iter(old), iter(new), min(len(old), len(new)))
    end = _common(reversed(old), reversed(new), min(len(old), len(new)) - start)
    old_end, new_end = len(old) - end, len(new) - end
    # A line that the other side does not have cannot stay: the search does without it.
    both = set(old[start:old_end]) & set(new[start:new_end])
    old_kept = [at for at in range(start, old_end) if old[at] in both]
    new_kept = [at for at in range(start, new_end) if new[at] in both]
    found = _staying([old[at] for at in old_kept], [new[at] for at in new_kept], effort)
    staying = [(old_kept[i], new_kept[k]) for i, k in found]
    return _as_operations([*zip(range(start), range(start), strict=True), *staying], old_end, new_end, end)


def _as_operations(staying: list[tuple[int, int]], old_end: int, new_end: int, end: int) -> list[Operation]:
    """Return the operations that leave these pairs of lines, and `end` lines after them all, as they are."""
    found: list[Operation] = []
    i = k = 0
    for x, y in [*staying, (old_end, new_end)]:
        if x > i or y > k:
            found.append(("replace" if x > i and y > k else "delete" if x > i else "insert", i, x, k, y))
        length = end if (x, y) == (old_end, new_end) else 1
        if length and found and found[-1][0] == "equal":
            found[-1] = ("equal", found[-1][1], x + length, found[-1][3], y + length)
        elif length:
            found.append(("equal", x, x + length, y, y + length))
        i, k = x + length, y + length
    return found


def _staying(old: list[str], new: list[str], effort: Effort) -> list[tuple[int, int]]:
    """Return which lines of one are which of the other, as many as can be: none when that takes too many steps.

    The greedy algorithm of E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), section 4:
    `furthest` has, for each diagonal, how far `d` differences lead.
    """
    most = min(len(old) + len(new), isqrt(2 * max(effort.steps, 0)))
    furthest = [0] * (2 * most + 3)
    trail: list[list[int]] = []
    for d in range(most + 1):
        trail.append(furthest[most - d : most + d + 3])
        for k in range(-d, d + 1, 2):
            down, right = furthest[most + k + 2], furthest[most + k]
            x = start = down if k == -d or (k != d and right < down) else right + 1
            while x < len(old) and x - k < len(new) and old[x] == new[x - k]:
                x += 1
            furthest[most + k + 1] = x
            effort.steps -= 1 + x - start
            if x >= len(old) and x - k >= len(new):
                return _walked_back(trail, len(old), len(new))
        if effort.steps < 0:
            break
    return []


def _walked_back(trail: list[list[int]], x: int, y: int) -> list[tuple[int, int]]:
    """Return the equal lines on the way that led to the end."""
    found = []
    for d in range(len(trail) - 1, -1, -1):
        k = x - y
        down, right = trail[d][d + k + 2], trail[d][d + k]
        came_down = k == -d or (k != d and right < down)
        start = (down if came_down else right + 1) if d else 0
        while x > start:
            x, y = x - 1, y - 1
            found.append((x, y))
        x, y = (x, y - 1) if came_down else (x - 1, y)
    return found[::-1]


def _common(one: Iterator[str], other: Iterator[str], most: int) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if count == most or a != b:
            break
        count += 1
    return count


def _range(start: int, end: int) -> str:
    """Return the lines of a hunk as GNU diff writes them: counted from 1, and from 0 where there are none."""
    length = end - start
    first = start + 1 if length else start
    return str(first) if length == 1 else f"{first},{length}"


def _path(side: str, name: str) -> str:
    return f"{side}/{name}" if name else "/dev/null"
