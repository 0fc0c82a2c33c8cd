"""What changed between two revisions, as unified diffs that `patch` takes. Pure.

Finding the shortest difference takes time that grows with the product of what differs; where that is too much, the
differing part is shown as taken out and put in whole, which is as true and can be bounded.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pastes.models import File

#: Lines that differ on one side, times those on the other, that are compared one with another.
MOST_PAIRS = 500_000
_CONTEXT = 3
_LINE = re.compile(r"[^\n]*\n|[^\n]+")

_Operation = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class Difference:
    """What became of a file: `added`, `removed` or `changed`, and its unified diff."""

    name: str
    change: str
    diff: str


def between(before: Sequence[File], after: Sequence[File]) -> list[Difference]:
    """Return the files that differ, by their names, in the order of the later revision; removed ones come last."""
    old, new = ({file.name: file for file in files} for files in (before, after))
    found = []
    for name in [*new, *(name for name in old if name not in new)]:
        one, other = old.get(name), new.get(name)
        if one is None and other is not None:
            found.append(Difference(name, "added", unified("", other.content, "", name)))
        elif other is None and one is not None:
            found.append(Difference(name, "removed", unified(one.content, "", name, "")))
        elif one and other and one.oid != other.oid:
            found.append(Difference(name, "changed", unified(one.content, other.content, name, name)))
    return found


def unified(before: str, after: str, old_name: str, new_name: str) -> str:
    """Return the unified diff of two texts; an empty name is a file that is not there."""
    old, new = _LINE.findall(before), _LINE.findall(after)
    matcher = SequenceMatcher(None, "", "")
    matcher.opcodes = _operations(old, new)  # type: ignore[attr-defined]  # It groups what it is given.
    lines = [f"--- {_path('a', old_name)}\n", f"+++ {_path('b', new_name)}\n"]
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        (_, old_start, _, new_start, _), (_, _, old_end, _, new_end) = group[0], group[-1]
        lines.append(f"@@ -{_range(old_start, old_end)} +{_range(new_start, new_end)} @@\n")
        for kind, i, j, k, m in group:
            if kind == "equal":
                lines += [f" {line}" for line in old[i:j]]
            else:
                lines += [f"-{line}" for line in old[i:j]]
                lines += [f"+{line}" for line in new[k:m]]
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _operations(old: list[str], new: list[str]) -> list[_Operation]:
    """Return what has to be done to get from one to the other; what both begin and end with is never searched."""
    start = _common(iter(old), iter(new), min(len(old), len(new)))
    end = _common(reversed(old), reversed(new), min(len(old), len(new)) - start)
    old_end, new_end = len(old) - end, len(new) - end
    found: list[_Operation] = [("equal", 0, start, 0, start)] if start else []
    if (old_end - start) * (new_end - start) > MOST_PAIRS:
        found.append(("replace", start, old_end, start, new_end))
    else:
        inner = SequenceMatcher(None, old[start:old_end], new[start:new_end]).get_opcodes()
        found += [(kind, i + start, j + start, k + start, m + start) for kind, i, j, k, m in inner]
    return [*found, ("equal", old_end, len(old), new_end, len(new))] if end else found


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
