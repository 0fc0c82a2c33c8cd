"""Reads a QR code like a camera that has located the modules, without error correction: screens cause no errors.

ISO/IEC 18004, byte mode, error correction M, versions 1 to 6.
"""

from collections.abc import Iterator, Sequence

#: The number of data bytes in each block, keyed by version.
_BLOCKS = {1: (16,), 2: (28,), 3: (44,), 4: (32, 32), 5: (43, 43), 6: (27, 27, 27, 27)}
_MARGIN = 4
_FORMAT_MASK = 0b101010000010010
_LEVEL_M = 0b00


def read(modules: Sequence[Sequence[bool]]) -> str:
    """Return the text in a code, given as rows of dark and light modules with a margin of four around them."""
    assert not any(modules[0]), "a margin"
    rows = [row[_MARGIN:-_MARGIN] for row in modules[_MARGIN:-_MARGIN]]
    size = len(rows)
    version = (size - 17) // 4
    _check_finder_patterns(rows)
    mask = _mask_of(rows)
    bits = [rows[y][x] != _inverts(mask, x, y) for x, y in _path(size) if not _is_function(x, y, size)]
    codewords = [int("".join("01"[bit] for bit in bits[at : at + 8]), 2) for at in range(0, len(bits) - 7, 8)]
    data = _deinterleave(codewords, _BLOCKS[version])
    assert data[0] >> 4 == 0b0100, "byte mode"
    nibbles = "".join(f"{byte:08b}" for byte in data)
    length = int(nibbles[4:12], 2)
    return bytes(int(nibbles[12 + 8 * at : 20 + 8 * at], 2) for at in range(length)).decode()


def _check_finder_patterns(rows: Sequence[Sequence[bool]]) -> None:
    """Fail unless the three finder patterns are in the right places."""
    corner = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
    size = len(rows)
    for left, top in ((0, 0), (size - 7, 0), (0, size - 7)):
        assert ["".join("01"[bit] for bit in row[left : left + 7]) for row in rows[top : top + 7]] == corner


def _mask_of(rows: Sequence[Sequence[bool]]) -> int:
    places = [*((8, y) for y in (0, 1, 2, 3, 4, 5, 7, 8)), *((x, 8) for x in (7, 5, 4, 3, 2, 1, 0))]
    bits = sum(rows[y][x] << at for at, (x, y) in enumerate(places)) ^ _FORMAT_MASK
    assert bits >> 13 == _LEVEL_M
    return bits >> 10 & 7


def _inverts(mask: int, x: int, y: int) -> bool:
    """Return whether a mask inverts a module."""
    both, product = x + y, x * y
    patterns: tuple[int, ...] = (both % 2, y % 2, x % 3, both % 3, (x // 3 + y // 2) % 2)
    patterns += (product % 2 + product % 3, (product % 2 + product % 3) % 2, (both % 2 + product % 3) % 2)
    return patterns[mask] == 0


def _path(size: int) -> Iterator[tuple[int, int]]:
    """Yield the modules in the order of their bits: up and down in pairs of columns, from the right."""
    up = True
    for right in [*range(size - 1, 6, -2), *range(5, 0, -2)]:
        for y in range(size - 1, -1, -1) if up else range(size):
            yield right, y
            yield right - 1, y
        up = not up


def _is_function(x: int, y: int, size: int) -> bool:
    """Return whether a module is part of a function pattern and holds no data."""
    near, far = 9, size - 8
    in_corner = (x < near and (y < near or y >= far)) or (x >= far and y < near)
    alignment = size > 21 and abs(x - (size - 7)) <= 2 and abs(y - (size - 7)) <= 2
    return in_corner or alignment or x == 6 or y == 6


def _deinterleave(codewords: Sequence[int], blocks: Sequence[int]) -> list[int]:
    """Return the deinterleaved data of blocks of equal length."""
    count = len(blocks)
    return [codewords[at * count + block] for block in range(count) for at in range(blocks[block])]
