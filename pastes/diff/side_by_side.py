"""Two revisions next to each other, as people read them: what became of each file, line by line. Pure.

What is shown is bounded, however much differs; whatever is left out is said to be.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal

from pastes.diff.unified import Effort, Operation, hunks, lines_of
from pastes.models import File, reveal

#: Lines and characters of all files of a comparison; of a longer line, what stands around the difference is shown.
MOST_LINES = 3_000
MOST_CHARACTERS = 300_000
LONGEST_LINE = 1_500
#: Files that are looked at for one that was renamed and changed, times those that it may have become.
_MOST_PAIRS = 100
#: As a page shows it: by its picture.
_CARRIAGE_RETURN = "\u240d"

What = Literal["added", "removed", "renamed", "changed"]


@dataclass(frozen=True)
class Piece:
    """Part of a line, and whether that is what differs in it."""

    text: str
    differs: bool = False


@dataclass(frozen=True)
class Line:
    """A line of one side: its number from 1, its text without its end, and whether it has one."""

    number: int
    pieces: tuple[Piece, ...]
    has_end: bool = True


@dataclass(frozen=True)
class Row:
    """What stands side by side: the same line, one that became another, or one that the other side has not."""

    old: Line | None
    new: Line | None
    is_same: bool = False


@dataclass
class Change:
    """What became of a file; `old` is None for one that is new, `new` for one that is gone."""

    old: File | None
    new: File | None
    added: int = 0
    removed: int = 0
    hunks: list[list[Row]] = field(default_factory=list)
    is_cut: bool = False

    @property
    def what(self) -> What:
        """The word for it."""
        if self.old is None:
            return "added"
        if self.new is None:
            return "removed"
        return "changed" if self.old.name == self.new.name else "renamed"

    @property
    def name(self) -> str:
        """The file's name, the later one when there are two."""
        return (self.new or self.old or File()).name

    @property
    def speaks_otherwise(self) -> bool:
        """Whether it is said to be in another language."""
        return self.old is not None and self.new is not None and self.old.language != self.new.language

    @property
    def hides_characters(self) -> bool:
        """Whether a side has characters that turn the direction of writing, or that nobody sees."""
        return any(file.hides_characters for file in (self.old, self.new) if file)


class _Room:
    """What may still be shown."""

    def __init__(self) -> None:
        self._lines = MOST_LINES
        self._characters = MOST_CHARACTERS

    def takes(self, row: Row) -> bool:
        sides = [row.new] if row.is_same else [row.old, row.new]
        self._lines -= sum(side is not None for side in sides)
        self._characters -= sum(len(piece.text) for side in sides if side for piece in side.pieces)
        return self._lines >= 0 and self._characters >= 0


def changes(before: Sequence[File], after: Sequence[File], *, by_text: bool = True) -> list[Change]:
    """Return the files that differ, without their lines, in the order of the later revision; removed ones come last.

    A file that is gone and one that is new are the same under another name when they have the same text; with
    `by_text`, which needs the texts, also when they have half of it.
    """
    old = {file.name: file for file in before}
    names = {file.name for file in after}
    gone = [file for file in before if file.name not in names]
    was = _renamed(gone, [file for file in after if file.name not in old], by_text=by_text)
    pairs = [(old.get(file.name) or was.get(file.name), file) for file in after]
    found = [Change(one, other) for one, other in pairs if one is None or _differ(one, other)]
    kept = {id(file) for file in was.values()}
    return found + [Change(file, None) for file in gone if id(file) not in kept]


def compared(before: Sequence[File], after: Sequence[File]) -> list[Change]:
    """Return the same with the lines that differ, as many as there is room for."""
    effort, room = Effort(), _Room()
    found = changes(before, after)
    for change in found:
        _compare(change, effort, room)
    return found


def _differ(one: File, other: File) -> bool:
    return (one.name, one.oid, one.language) != (other.name, other.oid, other.language)


def _renamed(gone: list[File], come: list[File], *, by_text: bool) -> dict[str, File]:
    """Return what those that came were called before, by their names now."""
    found: dict[str, File] = {}
    rest = list(gone)
    for file in come:
        same = next((one for one in rest if one.oid == file.oid), None)
        if same:
            rest.remove(same)
            found[file.name] = same
    come = [file for file in come if file.name not in found]
    if not by_text or len(rest) * len(come) > _MOST_PAIRS:
        return found
    words = {id(file): Counter(lines_of(file.content)) for file in [*rest, *come]}
    for file in come:
        liked = [(_likeness(words[id(one)], words[id(file)]), one) for one in rest]
        most, best = max(liked, key=lambda pair: pair[0], default=(0.0, None))
        if best and most >= 0.5:
            rest.remove(best)
            found[file.name] = best
    return found


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Return how much of the longer one stands in both, from 0 to 1, by characters."""
    longest = max(_weight(one), _weight(other))
    return _weight(one & other) / longest if longest else 0.0


def _weight(lines: Counter[str]) -> int:
    return sum(len(line) * count for line, count in lines.items())


def _compare(change: Change, effort: Effort, room: _Room) -> None:
    """Fill in the lines of a change."""
    if change.old and change.new and change.old.oid == change.new.oid:
        return
    old, new = (lines_of(file.content) if file else [] for file in (change.old, change.new))
    shown = [lines_of(file.shown) if file else [] for file in (change.old, change.new)]
    for hunk in hunks(old, new, effort):
        rows: list[Row] = []
        for operation in hunk:
            kind, i, j, k, m = operation
            if kind != "equal":
                change.removed += j - i
                change.added += m - k
            for row in () if change.is_cut else _rows(operation, shown[0], shown[1]):
                if not room.takes(row):
                    change.is_cut = True
                    break
                rows.append(row)
        if rows:
            change.hunks.append(rows)


def _rows(operation: Operation, old: list[str], new: list[str]) -> Iterator[Row]:
    kind, i, j, k, m = operation
    if kind == "equal":
        for at in range(j - i):
            text = new[k + at].rstrip("\r\n").replace("\r", _CARRIAGE_RETURN)
            pieces = (Piece(_begin(text)),)
            yield Row(Line(i + at + 1, pieces), Line(k + at + 1, pieces), is_same=True)
        return
    for at, (one, other) in enumerate(zip_longest(old[i:j], new[k:m])):
        before, after = _pieces(one or "", other or "")
        yield Row(
            None if one is None else Line(i + at + 1, before, one.endswith("\n")),
            None if other is None else Line(k + at + 1, after, other.endswith("\n")),
        )


def _pieces(one: str, other: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both lines with that marked in which they differ, unless that is nearly all of them."""
    one, other = _visible(one), _visible(other)
    most = min(len(one), len(other))
    start = next((at for at in range(most) if one[at] != other[at]), most)
    end = next((at for at in range(most - start) if one[-1 - at] != other[-1 - at]), most - start)
    if start + end < max(len(one), len(other)) / 4:
        return (Piece(_begin(one)),), (Piece(_begin(other)),)
    return _marked(one, start, end), _marked(other, start, end)


def _marked(line: str, start: int, end: int) -> tuple[Piece, ...]:
    parts = [
        Piece(_end(line[:start])),
        Piece(_begin(line[start : len(line) - end]), differs=True),
        Piece(_begin(line[len(line) - end :])),
    ]
    return tuple(part for part in parts if part.text)


def _visible(line: str) -> str:
    """Return a line that changed with everything in it that may be what changed."""
    return reveal(line.removesuffix("\n").replace("\r", _CARRIAGE_RETURN))


def _begin(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}…"


def _end(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else f"…{text[-LONGEST_LINE:]}"
