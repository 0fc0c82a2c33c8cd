"""The texts pasted by the benchmarks."""

import argparse
from collections.abc import Iterator
from itertools import count
from pathlib import Path


def texts(size: int, first: int = 0) -> Iterator[bytes]:
    """Yield distinct texts of Python source with exactly `size` bytes each."""
    source = Path(argparse.__file__).read_text(encoding="utf-8").encode("ascii", "ignore")
    source *= 2 + size // len(source)
    for number in count(first):
        title = f"# paste {number:09} – café\n".encode()
        start = number * 97 % (len(source) // 2)
        yield (title + source[start : start + size])[: size - 1] + b"\n"
