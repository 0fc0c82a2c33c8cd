"""Two Pasteurs that share one remote see each other's pastes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import repository
from tests.servers.pasteur import Pasteur
from tests.servers.process import wait_until

pytestmark = [pytest.mark.server]

SECRET = "correct horse battery"


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[tuple[Pasteur, Pasteur]]:
    """Return two running sites on databases of their own and one remote."""
    shared = tmp_path / "shared.git"
    repository.git(tmp_path, "init", "--bare", "--quiet", "--initial-branch=main", str(shared))
    settings = {"GITSYNC_REMOTE": str(shared), "GITSYNC_HOOK_SECRET": SECRET}
    with Pasteur(**settings) as first, Pasteur(**settings) as second:
        yield first, second


def is_seen(site: Pasteur, key: str, text: str) -> bool:
    """Tell the site that somebody has pushed, and return whether it shows this text."""
    site.http.request("POST", f"{site.url}/hooks/git", headers={"X-Gitlab-Token": SECRET})
    answer = site.http.request("GET", f"{site.url}/{key}/raw")
    return answer.status == 200 and answer.data.decode() == text


def test_a_paste_and_its_edit_are_seen_on_the_other_site(sites: tuple[Pasteur, Pasteur]) -> None:
    first, second = sites
    created = json.loads(
        first.http.request(
            "POST",
            f"{first.url}/api/v1/pastes",
            body=json.dumps({"files": [{"name": "a.txt", "content": "one"}], "title": "T"}),
            headers={"Content-Type": "application/json"},
        ).data
    )
    key = created["key"]
    first.wait_until_mirrored(key)

    wait_until(lambda: is_seen(second, key, "one"), "the second site shows it")
    other = second.paste("from the second\n", "b.txt")
    second.wait_until_mirrored(other)
    wait_until(lambda: is_seen(first, other, "from the second\n"), "the first site shows the other one")

    assert second.read(key)["title"] == "T"
    assert second.read(key)["mirror"]["commit"] == first.read(key)["mirror"]["commit"]
    for site in sites:
        assert json.loads(site.manage("resync_git", "--check", "--json").stdout)["pastes"] == 2


def test_asking_for_a_key_that_the_other_site_has_brings_it(sites: tuple[Pasteur, Pasteur]) -> None:
    first, second = sites
    key = first.paste("one", "a.txt")
    first.wait_until_mirrored(key)

    def is_there() -> bool:
        return second.http.request("GET", f"{second.url}/{key}/raw").status == 200

    assert second.http.request("GET", f"{second.url}/{key}/raw").status in {200, 404}
    wait_until(is_there, "the second site has looked", 40)
