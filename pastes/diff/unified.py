"""Compare two revisions and return unified diffs that `patch` accepts. Pure.

The number of steps needed to find the shortest diff grows quadratically with its size. If a limit is exceeded, the
entire differing part is shown as removed and added, which is also correct.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import isqrt

from pastes.models import File

#: The limit for comparing two revisions. Reaching it takes about 0.3 s.
MAX_STEPS = 600_000
_CONTEXT = 3
_LINE = re.compile(r"[^\n]*\n|[^\n]+")

#: A difflib opcode: its name, the start and end in the old lines, and the start and end in the new lines.
Operation = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class Difference:
    """The change to a file, which is `added`, `removed` or `changed`, and its unified diff."""

    name: str
    change: str
    diff: str


class Effort:
    """The number of steps left for comparing any number of files."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.steps = steps


def compare(before: Sequence[File], after: Sequence[File]) -> list[Difference]:
    """Return the files that differ, matched by name, in the order of the new revision with removed files last."""
    old_files, new_files = ({file.name: file for file in files} for files in (before, after))
    effort = Effort()
    differences = []
    for name in [*new_files, *(name for name in old_files if name not in new_files)]:
        old, new = old_files.get(name), new_files.get(name)
        if old is None and new is not None:
            differences.append(Difference(name, "added", unified("", new.content, "", name)))
        elif new is None and old is not None:
            differences.append(Difference(name, "removed", unified(old.content, "", name, "")))
        elif old and new and old.oid != new.oid:
            differences.append(Difference(name, "changed", unified(old.content, new.content, name, name, effort)))
    return differences


def unified(before: str, after: str, old_name: str, new_name: str, effort: Effort | None = None) -> str:
    """Return a unified diff. An empty name means that there is no such file."""
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
    """Split text into lines at line feeds only, which are kept."""
    return _LINE.findall(text)


def hunks(old: list[str], new: list[str], effort: Effort) -> Iterable[list[Operation]]:
    """Return the operations from old to new in groups, each surrounded by a few equal lines."""
    matcher = SequenceMatcher(None, "", "")
    matcher.opcodes = operations(old, new, effort)  # type: ignore[attr-defined]  # Only its grouping is used.
    return matcher.get_grouped_opcodes(_CONTEXT)


def operations(old: list[str], new: list[str], effort: Effort) -> list[Operation]:
    """Return the operations from old to new, skipping the common prefix and suffix in the search."""
    start = _common(iter(old), iter(new), min(len(old), len(new)))
    end = _common(reversed(old), reversed(new), min(len(old), len(new)) - start)
    old_end, new_end = len(old) - end, len(new) - end
    # A line that occurs on only one side cannot match, so it is excluded from the search.
    both = set(old[start:old_end]) & set(new[start:new_end])
    old_common = [at for at in range(start, old_end) if old[at] in both]
    new_common = [at for at in range(start, new_end) if new[at] in both]
    matches = _match([old[at] for at in old_common], [new[at] for at in new_common], effort)
    pairs = [(old_common[i], new_common[k]) for i, k in matches]
    return _as_operations([*zip(range(start), range(start), strict=True), *pairs], old_end, new_end, end)


def _as_operations(pairs: list[tuple[int, int]], old_end: int, new_end: int, end: int) -> list[Operation]:
    """Return the operations, given the pairs of equal lines and the number of equal lines at the end."""
    operations: list[Operation] = []
    i = k = 0
    for x, y in [*pairs, (old_end, new_end)]:
        if x > i or y > k:
            operations.append(("replace" if x > i and y > k else "delete" if x > i else "insert", i, x, k, y))
        length = end if (x, y) == (old_end, new_end) else 1
        if length and operations and operations[-1][0] == "equal":
            operations[-1] = ("equal", operations[-1][1], x + length, operations[-1][3], y + length)
        elif length:
            operations.append(("equal", x, x + length, y, y + length))
        i, k = x + length, y + length
    return operations


def _match(old: list[str], new: list[str], effort: Effort) -> list[tuple[int, int]]:
    """Return the longest list of pairs of equal lines, or an empty list if finding it takes too many steps.

    This is the greedy algorithm from E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), section 4.
    `furthest` contains, for each diagonal, the furthest point that can be reached with `d` differences.
    """
    limit = min(len(old) + len(new), isqrt(2 * max(effort.steps, 0)))
    furthest = [0] * (2 * limit + 3)
    trail: list[list[int]] = []
    for d in range(limit + 1):
        trail.append(furthest[limit - d : limit + d + 3])
        for k in range(-d, d + 1, 2):
            down, right = furthest[limit + k + 2], furthest[limit + k]
            x = start = down if k == -d or (k != d and right < down) else right + 1
            while x < len(old) and x - k < len(new) and old[x] == new[x - k]:
                x += 1
            furthest[limit + k + 1] = x
            effort.steps -= 1 + x - start
            if x >= len(old) and x - k >= len(new):
                return _walk_back(trail, len(old), len(new))
        if effort.steps < 0:
            break
    return []


def _walk_back(trail: list[list[int]], x: int, y: int) -> list[tuple[int, int]]:
    """Return the pairs of equal lines on the path that was found."""
    pairs = []
    for d in range(len(trail) - 1, -1, -1):
        k = x - y
        down, right = trail[d][d + k + 2], trail[d][d + k]
        came_down = k == -d or (k != d and right < down)
        start = (down if came_down else right + 1) if d else 0
        while x > start:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = (x, y - 1) if came_down else (x - 1, y)
    return pairs[::-1]


def _common(old: Iterator[str], new: Iterator[str], limit: int) -> int:
    """Return the number of equal lines at the start, at most `limit`."""
    count = 0
    for a, b in zip(old, new, strict=False):
        if count == limit or a != b:
            break
        count += 1
    return count


def _range(start: int, end: int) -> str:
    """Format a range of lines as GNU diff does: counting from 1, or from 0 if it is empty."""
    length = end - start
    start = start + 1 if length else start
    return str(start) if length == 1 else f"{start},{length}"


def _path(side: str, name: str) -> str:
    return f"{side}/{name}" if name else "/dev/null"
