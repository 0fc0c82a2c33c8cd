"""The identity in commits: committer, author addresses, and sign-off."""

from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.sync.drain import drain
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from tests import repository

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("author", "line"),
    [
        ("Ada Lovelace", "Ada Lovelace <ada.lovelace@pastes.example.org>"),
        ("Zoë <root@forge>", "Zoë root@forge <zo.root.forge@pastes.example.org>"),
        ("", "Anonymous <anonymous@pastes.example.org>"),
        ("Жан", "Жан <anonymous@pastes.example.org>"),
    ],
)
def test_commits_have_the_configured_identity(remote: Path, settings: Settings, author: str, line: str) -> None:
    settings.GITSYNC_COMMITTER_NAME = "Paste bot"
    settings.GITSYNC_COMMITTER_EMAIL = "bot@example.org"
    settings.GITSYNC_AUTHOR_EMAIL = "{name}@pastes.example.org"
    settings.GITSYNC_SIGN_OFF = True
    writing.publish(Draft([NewFile("x")], author=author))

    drain()

    pattern = "--format=%an <%ae>|%cn <%ce>|%(trailers:key=Signed-off-by,valueonly,separator=;)"
    shown = repository.git(remote, "log", pattern, "main").decode().strip()
    assert shown == f"{line}|Paste bot <bot@example.org>|{line}"
