"""Compare two revisions side by side, file by file and line by line. Pure.

The output is limited regardless of the size of the difference. Changes that were truncated are marked.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal

from pastes.diff.unified import Effort, Operation, hunks, lines_of
from pastes.models import File
from pastes.rules.display import reveal

#: The limits for an entire comparison. Longer lines are reduced to the part around the difference.
MAX_LINES = 3_000
MAX_CHARACTERS = 300_000
MAX_LINE_LENGTH = 1_500
#: The maximum number of pairs of removed and added files that are compared to detect renames with changes.
_MAX_PAIRS = 100
#: The symbol for a carriage return.
_CARRIAGE_RETURN = "\u240d"

ChangeKind = Literal["added", "removed", "renamed", "changed"]


@dataclass(frozen=True)
class Piece:
    """Part of a line, and whether it differs from the other side."""

    text: str
    differs: bool = False


@dataclass(frozen=True)
class Line:
    """A line on one side: its number, starting at 1, its text without the line feed, and whether it ends with one."""

    number: int
    pieces: tuple[Piece, ...]
    has_end: bool = True


@dataclass(frozen=True)
class Row:
    """Two lines side by side: an unchanged line, a changed line, or a line without a counterpart."""

    old: Line | None
    new: Line | None
    is_same: bool = False


@dataclass
class Change:
    """The changes to a file. `old` is None if it was added, and `new` is None if it was removed."""

    old: File | None
    new: File | None
    added: int = 0
    removed: int = 0
    hunks: list[list[Row]] = field(default_factory=list)
    is_cut: bool = False

    @property
    def kind(self) -> ChangeKind:
        if self.old is None:
            return "added"
        if self.new is None:
            return "removed"
        return "changed" if self.old.name == self.new.name else "renamed"

    @property
    def name(self) -> str:
        """The name of the file, or its new name if it was renamed."""
        return (self.new or self.old or File()).name

    @property
    def has_new_language(self) -> bool:
        return self.old is not None and self.new is not None and self.old.language != self.new.language

    @property
    def has_hidden_characters(self) -> bool:
        """Whether either side contains characters that are invisible or change the text direction."""
        return any(file.has_hidden_characters for file in (self.old, self.new) if file)


class _Budget:
    """The number of lines and characters that may still be added to the output."""

    def __init__(self) -> None:
        self._lines = MAX_LINES
        self._characters = MAX_CHARACTERS

    def spend(self, row: Row) -> bool:
        """Subtract a row from the budget and return whether it fits."""
        sides = [row.new] if row.is_same else [row.old, row.new]
        self._lines -= sum(side is not None for side in sides)
        self._characters -= sum(len(piece.text) for side in sides if side for piece in side.pieces)
        return self._lines >= 0 and self._characters >= 0


def changed_files(before: Sequence[File], after: Sequence[File], *, by_text: bool = True) -> list[Change]:
    """Return the files that differ, without their lines, in the order of the new revision with removed files last.

    A removed and an added file with the same content are treated as a renamed file. If `by_text` is True, which
    requires that the content is loaded, it is sufficient that half of the content is the same.
    """
    old_files = {file.name: file for file in before}
    new_names = {file.name for file in after}
    removed = [file for file in before if file.name not in new_names]
    renamed = _find_renamed(removed, [file for file in after if file.name not in old_files], by_text=by_text)
    pairs = [(old_files.get(file.name) or renamed.get(file.name), file) for file in after]
    changes = [Change(old, new) for old, new in pairs if old is None or _differ(old, new)]
    renamed_ids = {id(file) for file in renamed.values()}
    return changes + [Change(file, None) for file in removed if id(file) not in renamed_ids]


def compare(before: Sequence[File], after: Sequence[File]) -> list[Change]:
    """Return the files that differ, with their lines, within the limits."""
    effort, budget = Effort(), _Budget()
    changes = changed_files(before, after)
    for change in changes:
        _fill_in_lines(change, effort, budget)
    return changes


def _differ(old: File, new: File) -> bool:
    return (old.name, old.oid, old.language) != (new.name, new.oid, new.language)


def _find_renamed(removed: Sequence[File], added: Sequence[File], *, by_text: bool) -> dict[str, File]:
    """Return the removed files that were renamed, keyed by their new names."""
    renamed: dict[str, File] = {}
    candidates = list(removed)
    for file in added:
        same = next((old for old in candidates if old.oid == file.oid), None)
        if same:
            candidates.remove(same)
            renamed[file.name] = same
    added = [file for file in added if file.name not in renamed]
    if not by_text or len(candidates) * len(added) > _MAX_PAIRS:
        return renamed
    line_counts = {id(file): Counter(lines_of(file.content)) for file in [*candidates, *added]}
    for file in added:
        similarities = [(_similarity(line_counts[id(old)], line_counts[id(file)]), old) for old in candidates]
        similarity, best = max(similarities, key=lambda pair: pair[0], default=(0.0, None))
        if best and similarity >= 0.5:
            candidates.remove(best)
            renamed[file.name] = best
    return renamed


def _similarity(old: Counter[str], new: Counter[str]) -> float:
    """Return the proportion of characters in the longer text that both have in common, from 0 to 1."""
    longest = max(_length(old), _length(new))
    return _length(old & new) / longest if longest else 0.0


def _length(lines: Counter[str]) -> int:
    return sum(len(line) * count for line, count in lines.items())


def _fill_in_lines(change: Change, effort: Effort, budget: _Budget) -> None:
    if change.old and change.new and change.old.oid == change.new.oid:
        return
    old, new = (lines_of(file.content) if file else [] for file in (change.old, change.new))
    old_visible, new_visible = (lines_of(file.shown) if file else [] for file in (change.old, change.new))
    for hunk in hunks(old, new, effort):
        rows: list[Row] = []
        for operation in hunk:
            kind, old_start, old_end, new_start, new_end = operation
            if kind != "equal":
                change.removed += old_end - old_start
                change.added += new_end - new_start
            for row in () if change.is_cut else _rows(operation, old_visible, new_visible):
                if not budget.spend(row):
                    change.is_cut = True
                    break
                rows.append(row)
        if rows:
            change.hunks.append(rows)


def _rows(operation: Operation, old: list[str], new: list[str]) -> Iterator[Row]:
    kind, old_start, old_end, new_start, new_end = operation
    if kind == "equal":
        for offset in range(old_end - old_start):
            text = new[new_start + offset].rstrip("\r\n").replace("\r", _CARRIAGE_RETURN)
            pieces = (Piece(_cut_end(text)),)
            yield Row(Line(old_start + offset + 1, pieces), Line(new_start + offset + 1, pieces), is_same=True)
        return
    for offset, (old_line, new_line) in enumerate(zip_longest(old[old_start:old_end], new[new_start:new_end])):
        old_pieces, new_pieces = _pieces(old_line or "", new_line or "")
        yield Row(
            None if old_line is None else Line(old_start + offset + 1, old_pieces, old_line.endswith("\n")),
            None if new_line is None else Line(new_start + offset + 1, new_pieces, new_line.endswith("\n")),
        )


def _pieces(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both lines with the difference marked, unless nearly everything differs."""
    old, new = _reveal_line(old), _reveal_line(new)
    shorter = min(len(old), len(new))
    start = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    end = next((at for at in range(shorter - start) if old[-1 - at] != new[-1 - at]), shorter - start)
    if start + end < max(len(old), len(new)) / 4:
        return (Piece(_cut_end(old)),), (Piece(_cut_end(new)),)
    return _mark(old, start, end), _mark(new, start, end)


def _mark(line: str, start: int, end: int) -> tuple[Piece, ...]:
    pieces = [
        Piece(_cut_start(line[:start])),
        Piece(_cut_end(line[start : len(line) - end]), differs=True),
        Piece(_cut_end(line[len(line) - end :])),
    ]
    return tuple(piece for piece in pieces if piece.text)


def _reveal_line(line: str) -> str:
    """Return a changed line with its invisible characters made visible, since any of them may be the change."""
    return reveal(line.removesuffix("\n").replace("\r", _CARRIAGE_RETURN))


def _cut_end(text: str) -> str:
    return text if len(text) <= MAX_LINE_LENGTH else f"{text[:MAX_LINE_LENGTH]}…"


def _cut_start(text: str) -> str:
    return text if len(text) <= MAX_LINE_LENGTH else f"…{text[-MAX_LINE_LENGTH:]}"
