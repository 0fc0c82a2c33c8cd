"""Links to a paste's commit and the clone address do not reveal the account or credentials used for pushing."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from gitsync.remote import forge_links
from gitsync.sync.drain import drain
from tests import repository
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page

COMMIT = "0123456789abcdef0123456789abcdef01234567"
KNOWN = {
    "git@github.com:team/pastes.git": "https://github.com/team/pastes/commit/",
    "GitHub.com:team/pastes": "https://github.com/team/pastes/commit/",
    "ssh://git@ssh.github.com:443/team/pastes.git": "https://github.com/team/pastes/commit/",
    "https://github.com/team/pastes.git": "https://github.com/team/pastes/commit/",
    "git@gitlab.com:group/sub/pastes.git": "https://gitlab.com/group/sub/pastes/-/commit/",
    "ssh://git@altssh.gitlab.com:443/group/pastes.git": "https://gitlab.com/group/pastes/-/commit/",
    "ssh://git@codeberg.org/team/pastes.git": "https://codeberg.org/team/pastes/commit/",
    "https://gitea.com/team/pastes.git/": "https://gitea.com/team/pastes/commit/",
    "git@bitbucket.org:team/pastes.git": "https://bitbucket.org/team/pastes/commits/",
    "git@git.sr.ht:~ada/pastes": "https://git.sr.ht/~ada/pastes/commit/",
}
UNKNOWN = [
    "/srv/git/pastes.git",
    "git@git.example.org:team/pastes.git",
    "https://git.example.org/team/pastes.git",
    "git@github.com.example.org:team/pastes.git",
    "http://github.com/team/pastes.git",
    "git://github.com/team/pastes.git",
    "https://secret@github.com/team/pastes.git",
    "https://github.com/pastes.git",
    "https://github.com/team/pas tes.git",
    'git@github.com:team/"><script>.git',
    "nonsense",
    "",
]


@pytest.mark.parametrize(("remote", "page"), KNOWN.items())
def test_a_well_known_forge_has_a_page_for_each_commit(settings: Settings, remote: str, page: str) -> None:
    settings.GITSYNC_REMOTE = remote

    assert forge_links.commit_url(COMMIT) == page + COMMIT


@pytest.mark.parametrize("remote", UNKNOWN)
def test_other_remotes_have_no_links(settings: Settings, remote: str) -> None:
    settings.GITSYNC_REMOTE = remote

    assert (forge_links.commit_url(COMMIT), forge_links.clone_url()) == ("", "")


def test_only_https_remotes_on_forges_have_a_clone_address(settings: Settings) -> None:
    clones = {}
    for remote in ("https://github.com/team/pastes", "git@github.com:team/pastes.git", "git@git.example.org:p.git"):
        settings.GITSYNC_REMOTE = remote
        clones[remote] = forge_links.clone_url()

    assert list(clones.values()) == ["https://github.com/team/pastes.git", "", ""]


def test_settings_override_the_forges_addresses(settings: Settings) -> None:
    settings.GITSYNC_REMOTE = "https://github.com/team/pastes.git"
    settings.GITSYNC_WEB_URL = "https://git.example.org/?p=pastes.git;h={commit}"
    settings.GITSYNC_CLONE_URL = "git@git.example.org:pastes.git"

    assert forge_links.commit_url(COMMIT) == f"https://git.example.org/?p=pastes.git;h={COMMIT}"
    assert forge_links.clone_url() == "git@git.example.org:pastes.git"


def test_off_disables_the_links(settings: Settings) -> None:
    settings.GITSYNC_REMOTE = "https://github.com/team/pastes.git"
    settings.GITSYNC_WEB_URL = settings.GITSYNC_CLONE_URL = "off"

    assert (forge_links.commit_url(COMMIT), forge_links.clone_url()) == ("", "")


@pytest.mark.django_db
def test_the_page_of_a_paste_links_to_its_commit_and_explains_how_to_clone(
    client: Client, remote: Path, settings: Settings
) -> None:
    settings.GITSYNC_WEB_URL = "https://git.example.org/?a=commit&h={commit}"
    settings.GITSYNC_CLONE_URL = "https://git.example.org/pastes.git"
    paste = publish_text("x")

    before: Any = client.get(f"/{paste.key}")
    drain()
    after = Page(client.get(f"/{paste.key}"))

    assert "git.example.org" not in before.content.decode()
    tip = repository.tip(remote)
    assert f"https://git.example.org/?a=commit&h={tip}" in after.links()
    assert f"In Git as {tip[:10]}" in after.text
    assert "git clone https://git.example.org/pastes.git" in after.text


@pytest.mark.django_db
def test_without_a_forge_the_commit_is_shown_without_a_link(client: Client, remote: Path) -> None:
    paste = publish_text("x")
    drain()

    page = Page(client.get(f"/{paste.key}"))

    assert f"In Git as {repository.tip(remote)[:10]}" in page.text
    assert not [link for link in page.links() if repository.tip(remote) in link]
    assert "git clone" not in page.text
    assert str(remote) not in page.html
