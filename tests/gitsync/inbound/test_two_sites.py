"""Two sites that share one remote show each other's pastes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitsync.format.tree import folder
from tests import repository
from tests.gitsync.contributor import Contributor
from tests.servers.pasteur import Pasteur
from tests.servers.process import wait_until

pytestmark = [pytest.mark.server]

SECRET = "correct horse battery"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pasteur, Pasteur]]:
    """Return two running sites with separate databases and one remote."""
    folder = tmp_path_factory.mktemp("shared")
    shared = folder / "shared.git"
    repository.git(folder, "init", "--bare", "--quiet", "--initial-branch=main", str(shared))
    settings = {"GITSYNC_REMOTE": str(shared), "GITSYNC_HOOK_SECRET": SECRET}
    with Pasteur(**settings) as first, Pasteur(**settings) as second:
        yield first, second


def is_shown_after_fetch(site: Pasteur, key: str, text: str) -> bool:
    """Send a webhook after a push, and return whether the site shows this text."""
    site.http.request("POST", f"{site.url}/hooks/git", headers={"X-Gitlab-Token": SECRET})
    answer = site.http.request("GET", f"{site.url}/{key}/raw")
    return answer.status == 200 and answer.data.decode() == text


def test_a_paste_is_shown_on_the_other_site(sites: tuple[Pasteur, Pasteur]) -> None:
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

    wait_until(lambda: is_shown_after_fetch(second, key, "one"), "the second site shows it")
    other = second.paste("from the second\n", "b.txt")
    second.wait_until_mirrored(other)
    wait_until(lambda: is_shown_after_fetch(first, other, "from the second\n"), "the first site shows the other one")

    assert second.read(key)["title"] == "T"
    assert second.read(key)["mirror"]["commit"] == first.read(key)["mirror"]["commit"]
    for site in sites:
        assert json.loads(site.manage("resync_git", "--check", "--json").stdout)["clean"]


def set_created_at(key: str, moment: str) -> str:
    """Return Python code that sets the creation date of a paste."""
    return f"from pastes.models import Paste; Paste.objects.filter(key='{key}').update(created_at='{moment}')"


def sync_until_stable(sites: tuple[Pasteur, Pasteur], shared: Path) -> int:
    """Let both sites import in turn until neither pushes; return the number of their commits."""
    before = len(repository.subjects(shared))
    for _ in range(10):
        tip = repository.tip(shared)
        for site in sites:
            site.manage("read_from_git")
            site.wait_until_nothing_is_pending()
        if repository.tip(shared) == tip:
            return len(repository.subjects(shared)) - before
    pytest.fail("the sites keep correcting each other")


def test_both_sites_agree_on_manual_edits(sites: tuple[Pasteur, Pasteur]) -> None:
    first, _ = sites
    shared = Path(first.settings["GITSYNC_REMOTE"])
    keys = [first.paste(f"text {number}\n", "a.txt") for number in range(5)]
    first.wait_until_mirrored(*keys)
    sync_until_stable(sites, shared)
    eve = Contributor(shared)
    titled, removed, edited, jumped, executable = (f"{folder(key)}/.pasteur.json" for key in keys)
    row = json.loads((eve.folder / titled).read_text())
    jumped_row = json.loads((eve.folder / jumped).read_text())
    eve.commit(
        {
            titled: json.dumps(row | {"title": "By hand"}),
            removed: None,
            edited.replace(".pasteur.json", "a.txt"): "by hand\n",
            jumped: json.dumps(jumped_row | {"revision": 2_000_000_000, "comment": "far"}),
        }
    )
    eve.git("update-index", "--chmod=+x", executable.replace(".pasteur.json", "a.txt"))
    eve.commit({})
    eve.push()

    assert sync_until_stable(sites, shared) <= 5

    for site in sites:
        assert site.read(keys[0])["title"] == "By hand"
        assert site.read(keys[2])["files"][0]["content"] == "by hand\n"
        assert site.read(keys[3])["comment"] == "far"
        assert json.loads(site.manage("resync_git", "--check", "--json").stdout)["clean"]
    eve.git("fetch", "--quiet")
    eve.git("reset", "--quiet", "--hard", "origin/main")
    eve.git("revert", "--no-edit", "HEAD~4..HEAD")
    eve.push()
    sync_until_stable(sites, shared)
    for site in sites:
        assert json.loads(site.manage("resync_git", "--check", "--json").stdout)["clean"]


def test_sites_that_disagree_stop_correcting_each_other(sites: tuple[Pasteur, Pasteur]) -> None:
    first, second = sites
    shared = Path(first.settings["GITSYNC_REMOTE"])
    key = first.paste("text\n", "a.txt")
    first.wait_until_mirrored(key)
    sync_until_stable(sites, shared)
    second.manage("shell", "-c", set_created_at(key, "2001-01-01T00:00Z"))
    mia = Contributor(shared, "mia")
    mia.git("update-index", "--chmod=+x", f"{folder(key)}/a.txt")
    mia.commit({})
    mia.push()

    assert sync_until_stable(sites, shared) <= 2

    mia.git("pull", "--quiet")
    mia.commit({f"{folder(key)}/a.txt": "by hand\n"})
    mia.push()
    assert sync_until_stable(sites, shared) <= 2
    for site in sites:
        assert site.read(key)["files"][0]["content"] == "by hand\n"
        created_at = json.loads(repository.text(shared, key, ".pasteur.json"))["created_at"]
        site.manage("shell", "-c", set_created_at(key, created_at))


def test_a_request_for_an_unknown_key_fetches_it_from_the_other_site(sites: tuple[Pasteur, Pasteur]) -> None:
    first, second = sites
    key = first.paste("one", "a.txt")
    first.wait_until_mirrored(key)

    def is_shown() -> bool:
        return second.http.request("GET", f"{second.url}/{key}/raw").status == 200

    assert second.http.request("GET", f"{second.url}/{key}/raw").status in {200, 404}
    wait_until(is_shown, "the second site has fetched it", 40)


def test_a_purge_by_one_site_applies_to_the_other_which_loses_nothing_else(
    sites: tuple[Pasteur, Pasteur],
) -> None:
    first, second = sites
    purged, other = first.paste("a password\n", "a.txt"), second.paste("from the second\n", "b.txt")
    first.wait_until_mirrored(purged)
    second.wait_until_mirrored(other)
    wait_until(lambda: is_shown_after_fetch(second, purged, "a password\n"), "the second site shows it")
    wait_until(lambda: is_shown_after_fetch(first, other, "from the second\n"), "the first site shows the other one")

    first.manage("purge", purged, "--reason", "a password")
    later = second.paste("later\n", "c.txt")
    second.wait_until_mirrored(other, later)

    wait_until(lambda: is_shown_after_fetch(first, later, "later\n"), "the first site shows what came later")
    assert second.http.request("GET", f"{second.url}/{purged}/raw").status == 404
    assert is_shown_after_fetch(second, other, "from the second\n")
    shared = Path(first.settings["GITSYNC_REMOTE"])
    assert purged not in repository.git(shared, "log", "--format=%B", "--raw", "main").decode()
    at_tip = {path.split("/")[3] for path in repository.files(shared)}
    assert (purged in at_tip, other in at_tip, later in at_tip) == (False, True, True)
    second.wait_until_nothing_is_pending()
    assert json.loads(second.manage("resync_git", "--check", "--json").stdout)["clean"]


def test_a_third_site_that_prunes_the_others_pastes_takes_nothing_from_them(sites: tuple[Pasteur, Pasteur]) -> None:
    first, second = sites
    shared = Path(first.settings["GITSYNC_REMOTE"])
    key = first.paste("stays\n", "a.txt")
    first.wait_until_mirrored(key)
    wait_until(lambda: is_shown_after_fetch(second, key, "stays\n"), "the second site shows it")
    files = repository.files(shared)
    third = Pasteur(**first.settings)
    third.manage("migrate")
    third.manage("resync_git", "--prune")
    assert not repository.files(shared)

    sync_until_stable(sites, shared)

    assert repository.files(shared) == files
    for site in sites:
        assert site.read(key)["files"][0]["content"] == "stays\n"
        assert json.loads(site.manage("resync_git", "--check", "--json").stdout)["clean"]
