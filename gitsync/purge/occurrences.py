"""What purged pastes have left in a tree: their folders, files at the root, and texts wherever they lie. Pure."""

import re
from collections.abc import Set
from dataclasses import dataclass

from gitsync.format import tree
from pastes.rules import keys

_ESCAPED = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
_LETTERS = dict(zip((bytes([c]) for c in b'abtnvfr"\\'), (bytes([c]) for c in b'\a\b\t\n\v\f\r"\\'), strict=True))


@dataclass(frozen=True)
class Traces:
    """Paths as bytes, ids in hexadecimal. A text counts everywhere but in the folder of a paste that is not purged."""

    folders: Set[bytes]
    files: Set[bytes] = frozenset()
    oids: Set[bytes] = frozenset()

    def own(self, path: bytes) -> bool:
        """Whether a path, as Git writes it, is theirs, whatever lies there."""
        plain = unquoted(path)
        return b"/".join(plain.split(b"/", 4)[:4]) in self.folders or plain in self.files

    def are_at(self, path: bytes, oid: bytes) -> bool:
        """Whether something of them lies at a path, as Git writes it."""
        return self.own(path) or (oid in self.oids and not is_of_a_paste(unquoted(path)))


def unquoted(path: bytes) -> bytes:
    """Return a path without the quotes that Git puts around an unusual one."""
    if not path.startswith(b'"'):
        return path
    return _ESCAPED.sub(lambda found: _LETTERS.get(found[1]) or bytes([int(found[1], 8) & 255]), path[1:-1])


def is_of_a_paste(path: bytes) -> bool:
    """Whether a path lies in the folder of a paste, whoever has put it there."""
    key = tree.key_of(path.decode(errors="replace"))
    return bool(key and keys.can_be(key))
