"""The system's chromium, without a window and without anything that it does on the network by itself."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.servers.process import program

_ARGUMENTS = (
    "--no-sandbox",  # Root, as in a container, has no other way.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def without_frame() -> str:
    """Return chromium built without tabs, menus and windows, where it is: of a page it shows the same for a third."""
    return shutil.which("chromium-headless-shell") or program("chromium")


@contextmanager
def launched(path: str = "") -> Iterator[Browser]:
    """Run a chromium as long as the block lasts: the one that people have, unless another is named."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path or program("chromium"), args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
