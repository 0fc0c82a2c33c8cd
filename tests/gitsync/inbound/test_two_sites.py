"""Two Pasteurs that share one remote see each other's pastes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitsync.format.tree import folder
from tests import repository
from tests.gitsync.person import Person
from tests.servers.pasteur import Pasteur
from tests.servers.process import wait_until

pytestmark = [pytest.mark.server]

SECRET = "correct horse battery"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pasteur, Pasteur]]:
    """Return two running sites on databases of their own and one remote."""
    folder = tmp_path_factory.mktemp("shared")
    shared = folder / "shared.git"
    repository.git(folder, "init", "--bare", "--quiet", "--initial-branch=main", str(shared))
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
        assert json.loads(site.manage("resync_git", "--check", "--json").stdout)["clean"]


def made_at(key: str, moment: str) -> str:
    """Return Python that says when a paste was made."""
    return f"from pastes.models import Paste; Paste.objects.filter(key='{key}').update(created_at='{moment}')"


def come_to_rest(sites: tuple[Pasteur, Pasteur], shared: Path) -> int:
    """Have both sites look in turn until neither pushes any more; return how many commits they made."""
    before = len(repository.subjects(shared))
    for _ in range(10):
        tip = repository.tip(shared)
        for site in sites:
            site.manage("read_from_git")
            site.wait_until_nothing_is_pending()
        if repository.tip(shared) == tip:
            return len(repository.subjects(shared)) - before
    pytest.fail("the sites go on correcting each other")


def test_both_sites_agree_on_what_others_made_by_hand(sites: tuple[Pasteur, Pasteur]) -> None:
    first, _ = sites
    shared = Path(first.settings["GITSYNC_REMOTE"])
    keys = [first.paste(f"text {number}\n", "a.txt") for number in range(5)]
    first.wait_until_mirrored(*keys)
    come_to_rest(sites, shared)
    eve = Person(shared)
    titled, nameless, edited, jumped, run = (f"{folder(key)}/.pasteur.json" for key in keys)
    said = json.loads((eve.folder / titled).read_text())
    far = json.loads((eve.folder / jumped).read_text())
    eve.commit(
        {
            titled: json.dumps(said | {"title": "By hand"}),
            nameless: None,
            edited.replace(".pasteur.json", "a.txt"): "by hand\n",
            jumped: json.dumps(far | {"revision": 2_000_000_000, "comment": "far"}),
        }
    )
    eve.git("update-index", "--chmod=+x", run.replace(".pasteur.json", "a.txt"))
    eve.commit({})
    eve.push()

    assert come_to_rest(sites, shared) <= 5

    for site in sites:
        assert site.read(keys[0])["title"] == "By hand"
        assert site.read(keys[2])["files"][0]["content"] == "by hand\n"
        assert site.read(keys[3])["comment"] == "far"
        assert json.loads(site.manage("resync_git", "--check", "--json").stdout)["clean"]
    eve.git("fetch", "--quiet")
    eve.git("reset", "--quiet", "--hard", "origin/main")
    eve.git("revert", "--no-edit", "HEAD~4..HEAD")
    eve.push()
    come_to_rest(sites, shared)
    for site in sites:
        assert json.loads(site.manage("resync_git", "--check", "--json").stdout)["clean"]


def test_sites_that_do_not_agree_do_not_correct_each_other_for_ever(sites: tuple[Pasteur, Pasteur]) -> None:
    first, second = sites
    shared = Path(first.settings["GITSYNC_REMOTE"])
    key = first.paste("text\n", "a.txt")
    first.wait_until_mirrored(key)
    come_to_rest(sites, shared)
    second.manage("shell", "-c", made_at(key, "2001-01-01T00:00Z"))
    mia = Person(shared, "mia")
    mia.git("update-index", "--chmod=+x", f"{folder(key)}/a.txt")
    mia.commit({})
    mia.push()

    assert come_to_rest(sites, shared) <= 2

    mia.git("pull", "--quiet")
    mia.commit({f"{folder(key)}/a.txt": "by hand\n"})
    mia.push()
    assert come_to_rest(sites, shared) <= 2
    for site in sites:
        assert site.read(key)["files"][0]["content"] == "by hand\n"
        agreed = json.loads(repository.text(shared, key, ".pasteur.json"))["created_at"]
        site.manage("shell", "-c", made_at(key, agreed))


def test_asking_for_a_key_that_the_other_site_has_brings_it(sites: tuple[Pasteur, Pasteur]) -> None:
    first, second = sites
    key = first.paste("one", "a.txt")
    first.wait_until_mirrored(key)

    def is_there() -> bool:
        return second.http.request("GET", f"{second.url}/{key}/raw").status == 200

    assert second.http.request("GET", f"{second.url}/{key}/raw").status in {200, 404}
    wait_until(is_there, "the second site has looked", 40)


def test_what_one_site_purges_the_other_does_not_bring_back_and_loses_nothing_else(
    sites: tuple[Pasteur, Pasteur],
) -> None:
    first, second = sites
    theirs, ours = first.paste("a password\n", "a.txt"), second.paste("from the second\n", "b.txt")
    first.wait_until_mirrored(theirs)
    second.wait_until_mirrored(ours)
    wait_until(lambda: is_seen(second, theirs, "a password\n"), "the second site shows it")
    wait_until(lambda: is_seen(first, ours, "from the second\n"), "the first site shows the other one")

    first.manage("purge", theirs, "--reason", "a password")
    later = second.paste("later\n", "c.txt")
    second.wait_until_mirrored(ours, later)

    wait_until(lambda: is_seen(first, later, "later\n"), "the first site shows what came later")
    assert second.http.request("GET", f"{second.url}/{theirs}/raw").status == 404
    assert is_seen(second, ours, "from the second\n")
    shared = Path(first.settings["GITSYNC_REMOTE"])
    assert theirs not in repository.git(shared, "log", "--format=%B", "--raw", "main").decode()
    at_tip = {path.split("/")[3] for path in repository.files(shared)}
    assert (theirs in at_tip, ours in at_tip, later in at_tip) == (False, True, True)
    second.wait_until_nothing_is_pending()
    assert json.loads(second.manage("resync_git", "--check", "--json").stdout)["clean"]
