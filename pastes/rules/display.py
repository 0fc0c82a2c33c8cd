"""Rules for displaying content, shared by the server and, through assets/generate.py, by the scripts."""

import re

#: The number of lines per element when content is long: a browser only lays out elements near its viewport.
BLOCK_LINES = 200
#: The name of a file that was given none, before its number and extension.
DEFAULT_STEM = "paste"
#: Code points that a page cannot show: control characters, separators that only look like newlines, noncharacters.
UNSHOWABLE_RANGES = (
    (0x00, 0x08),
    (0x0B, 0x0C),
    (0x0E, 0x1F),
    (0x7F, 0x9F),
    (0x2028, 0x2029),
    (0xFDD0, 0xFDEF),
    *((plane << 16 | 0xFFFE, plane << 16 | 0xFFFF) for plane in range(17)),
)
#: Bidirectional controls (https://trojansource.codes) and zero-width characters.
HIDING_RANGES = ((0x061C, 0x061C), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064), (0x2066, 0x2069))


def character_class(ranges: tuple[tuple[int, int], ...]) -> str:
    """Return the ranges as a character class of a Python regular expression."""
    return "[" + "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in ranges) + "]"


UNSHOWABLE = re.compile(character_class(UNSHOWABLE_RANGES))
#: The same for ASCII-only content, which takes a fraction of the time.
UNSHOWABLE_ASCII = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
#: A byte order mark is invisible as well, but is expected at the start of the content.
HIDING = re.compile(character_class(HIDING_RANGES) + "|(?<!^)\ufeff")


def show_controls(text: str) -> str:
    """Replace the characters that a page cannot show by symbols (U+2400...) or code points."""
    return (UNSHOWABLE_ASCII if text.isascii() else UNSHOWABLE).sub(_mark, text)


def has_hidden_characters(text: str) -> bool:
    """Return whether the text contains characters that are invisible or change the text direction."""
    return not text.isascii() and HIDING.search(text) is not None


def reveal(text: str) -> str:
    """Replace the characters that `has_hidden_characters` detects by their code points."""
    return text if text.isascii() else HIDING.sub(_mark, text).replace("\ufeff", "[U+FEFF]")


def _mark(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"[U+{code:04X}]"
