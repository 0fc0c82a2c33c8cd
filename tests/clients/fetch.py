"""Fetches the clients that are on npm, as `make test` does: exactly those of package-lock.json, running no scripts."""

from pathlib import Path

from assets.vendor import fetch

if __name__ == "__main__":
    fetch(Path(__file__).resolve().parent)
