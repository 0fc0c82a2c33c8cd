"""The system's Chromium, headless and without any background network activity."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.servers.process import program

_ARGUMENTS = (
    "--no-sandbox",  # Root, as in a container, has no other option.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def headless_shell() -> str:
    """Return the headless build of Chromium, if installed: it renders pages identically at a third of the cost."""
    return shutil.which("chromium-headless-shell") or program("chromium")


@contextmanager
def launch(path: str = "") -> Iterator[Browser]:
    """Run Chromium for the duration of the block: the system's own, unless another is specified."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path or program("chromium"), args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
