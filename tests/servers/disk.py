"""A small disk."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Self

import pytest


class Disk:
    """A file system of its own in memory, which can be full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", "size=2g,mode=0700", "tmpfs", str(folder)]
        if subprocess.run(command, check=False).returncode:
            pytest.skip("only root may mount a small file system")

    def fill(self, *, free_kilobytes: int = 64) -> None:
        """Leave no more than this free."""
        for _ in range(20):  # It is written to meanwhile, and cannot become smaller than what it has.
            state = os.statvfs(self.folder)
            used = (state.f_blocks - state.f_bfree) * state.f_frsize
            if not self._resize(f"{used // 1024 + free_kilobytes}k"):
                return
        raise AssertionError("the disk cannot be filled")

    def free(self) -> None:
        """Make room again."""
        assert self._resize("2g") == 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def _resize(self, size: str) -> int:
        command = ["mount", "-o", f"remount,size={size}", str(self.folder)]
        return subprocess.run(command, check=False, capture_output=True).returncode
