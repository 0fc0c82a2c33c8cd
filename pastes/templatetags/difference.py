"""Render the rows of a diff as HTML. A template would take ten times as long for thousands of lines."""

from collections.abc import Iterator, Sequence

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from pastes.diff.side_by_side import Line, Row

register = template.Library()


@register.filter
def inline(hunk: Sequence[Row]) -> SafeString:
    """Return a hunk with new lines below old ones, in three cells per row: both line numbers and the line."""
    return _rows(_inline(hunk))


@register.filter
def split(hunk: Sequence[Row]) -> SafeString:
    """Return a hunk with new lines next to old ones, in four cells per row: line number and line for each side."""
    return _rows(
        _half(row.old, same=row.is_same, gone=True) + _half(row.new, same=row.is_same, gone=False) for row in hunk
    )


def _rows(cells: Iterator[str]) -> SafeString:
    # `_text` has escaped everything written by visitors.
    return mark_safe("".join(f"<tr>{row}</tr>\n" for row in cells))  # noqa: S308


def _inline(hunk: Sequence[Row]) -> Iterator[str]:
    waiting: list[str] = []
    for row in hunk:
        if row.is_same:
            yield from waiting
            waiting = []
            yield f"{_number(row.old)}{_number(row.new)}<td>{_text(row.new)}</td>"
            continue
        if row.old:
            yield f"{_number(row.old)}{_number(None)}{_changed(row.old, gone=True)}"
        if row.new:
            waiting.append(f"{_number(None)}{_number(row.new)}{_changed(row.new, gone=False)}")
    yield from waiting


def _half(line: Line | None, *, same: bool, gone: bool) -> str:
    if line is None:
        return f'{_number(None)}<td class="none"></td>'
    return _number(line) + (f"<td>{_text(line)}</td>" if same else _changed(line, gone=gone))


def _number(line: Line | None) -> str:
    return f'<td data-n="{line.number}"></td>' if line else '<td class="none"></td>'


def _changed(line: Line, *, gone: bool) -> str:
    """Return the cell for a removed or added line, which is marked by a sign as well as by its colour."""
    name, sign, tag, word = ("gone", "−", "del", gettext("removed")) if gone else ("new", "+", "ins", gettext("added"))
    missing = escape(gettext("(no newline at end of file)"))
    end = "" if line.has_end else f' <span class="muted">{missing}</span>'
    label = f'<span class="sign" role="img" aria-label="{escape(word)}">{sign}</span>'
    return f'<td class="{name}">{label}<{tag}>{_text(line)}</{tag}>{end}</td>'


def _text(line: Line | None) -> str:
    pieces = line.pieces if line else ()
    return "".join(f"<b>{escape(piece.text)}</b>" if piece.differs else escape(piece.text) for piece in pieces)
