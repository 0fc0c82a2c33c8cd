"""One running site and one Chromium for the tests in this folder."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import headless_shell, launch
from tests.browser.visitor import PHONE, WIDE, Visitor
from tests.servers.pasteur import Pasteur

MODERATOR, PASSWORD = "moderator", "correct-horse-battery"

NewVisitor = Callable[..., Visitor]
expect.set_options(timeout=15_000)  # A busy machine is only slow.


@pytest.fixture(scope="session")
def site() -> Iterator[Pasteur]:
    """Return the running site, with a moderator."""
    with Pasteur(DJANGO_SUPERUSER_PASSWORD=PASSWORD) as running:
        running.manage("createsuperuser", "--noinput", "--username", MODERATOR, "--email", "m@example.org")
        yield running


# The scope is this folder, not the session: while playwright runs, Django considers all tests asynchronous.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Return the system's browser."""
    with launch(headless_shell()) as browser:
        yield browser


@pytest.fixture
def new_visitor(chromium: Browser, site: Pasteur) -> Iterator[NewVisitor]:
    """Return a function that creates a visitor; any message in a visitor's console fails the test."""
    visitors: list[Visitor] = []

    def open_visitor(*, phone: bool = False, javascript: bool = True, locale: str = "en-US") -> Visitor:
        window = PHONE if phone else WIDE
        context = chromium.new_context(viewport=window, java_script_enabled=javascript, locale=locale)
        context.set_default_timeout(30_000)
        visitors.append(Visitor(context, site.url))
        return visitors[-1]

    yield open_visitor
    for visitor in visitors:
        visitor.context.close()
    assert [visitor.console_messages for visitor in visitors] == [[] for _ in visitors]
