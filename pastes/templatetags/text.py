"""Split long content into blocks of lines, of which a browser only lays out those that are visible."""

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from pastes.rules.display import BLOCK_LINES

register = template.Library()


@register.filter
def blocks(text: str) -> SafeString:
    """Escape the text and, if it is longer than BLOCK_LINES lines, split it into elements of that many lines."""
    escaped = escape(text)
    if text.count("\n") <= BLOCK_LINES:
        return escaped
    lines = escaped.split("\n")
    parts = ("\n".join(lines[at : at + BLOCK_LINES]) for at in range(0, len(lines), BLOCK_LINES))
    return mark_safe('<span class="block">' + '\n</span><span class="block">'.join(parts) + "</span>")  # noqa: S308  (escaped above)
