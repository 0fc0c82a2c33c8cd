"""What is pasted in the benchmarks."""

import argparse
from collections.abc import Iterator
from itertools import count
from pathlib import Path


def texts(size: int, first: int = 0) -> Iterator[bytes]:
    """Yield Python source, each text of exactly this many bytes and unlike every other."""
    source = Path(argparse.__file__).read_text(encoding="utf-8").encode("ascii", "ignore")
    source *= 2 + size // len(source)
    for number in count(first):
        title = f"# paste {number:09} – café\n".encode()
        start = number * 97 % (len(source) // 2)
        yield (title + source[start : start + size])[: size - 1] + b"\n"
