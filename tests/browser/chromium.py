"""The system's chromium, without a window and without anything that it does on the network by itself."""

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


@contextmanager
def launched() -> Iterator[Browser]:
    """Run chromium as long as the block lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
