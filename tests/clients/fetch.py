"""Fetches clients from npm, like `make test`: exactly those in package-lock.json, without running scripts."""

from pathlib import Path

from assets.vendor import fetch

if __name__ == "__main__":
    fetch(Path(__file__).resolve().parent)
