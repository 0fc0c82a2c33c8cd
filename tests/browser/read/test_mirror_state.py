"""A paste's page shows its state in Git, and it matches the repository."""

import os
import signal

import pytest

from tests import repository
from tests.browser.conftest import NewVisitor
from tests.servers.pasteur import Pasteur
from tests.servers.process import wait_until

pytestmark = pytest.mark.server


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "plain"])
def test_the_pending_state_is_replaced_with_the_commit_that_contains_the_text(
    new_visitor: NewVisitor, site: Pasteur, javascript: bool
) -> None:
    worker = site.children()["worker"]
    author = new_visitor(phone=True, javascript=javascript)
    author.go("/")
    author.page.get_by_label("File name").fill("note.txt")
    author.write("kept for good")
    os.kill(worker, signal.SIGSTOP)
    try:
        author.press("Create paste")
        author.go(f"/{author.key}")
        author.see("Not in Git yet")
    finally:
        os.kill(worker, signal.SIGCONT)

    mark = author.page.locator(".mirror")
    wait_until(lambda: author.reload() == 200 and "In Git as" in mark.inner_text(), "the page shows a commit", 30)

    commit = mark.get_attribute("title") or ""
    assert mark.inner_text() == f"In Git as {commit[:10]}"
    assert repository.git(site.mirror, "log", "-1", "--format=%s", commit).decode().strip() == f"Publish {author.key}"
    assert repository.text(site.mirror, author.key, "note.txt") == b"kept for good"


def test_expiring_pastes_are_not_kept_in_git(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write("for today")
    author.page.get_by_label("Expiration").select_option(label="1 day")
    author.press("Create paste")
    author.go(f"/{author.key}")

    author.see("Not stored in Git")
