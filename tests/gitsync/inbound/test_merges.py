"""Merge commits by others are imported, including changes that are in none of their parents."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from gitsync.format.tree import folder
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.models import Paste, State
from tests import repository
from tests.gitsync.contributor import Contributor
from tests.gitsync.inbound.test_read_in import publish_and_drain, revision_texts
from tests.gitsync.recovery.test_import_pasteur import blob, import_pasteur
from tests.gitsync.recovery.test_restore import clear_database, restore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

NEW = f"{folder('handmade00')}/new.txt"


def revision_authors(key: str) -> list[str]:
    """Return the author of each revision of a paste."""
    return [revision.author for revision in Paste.objects.get(key=key).revisions.order_by("number")]


def test_a_merge_commit_that_edits_adds_and_removes_is_imported(remote: Path) -> None:
    paste, gone = publish_and_drain("one\n"), publish_and_drain("two\n")
    eve = Contributor(remote)
    eve.branch("side", {"NOTES": "x"})
    removed = {f"{folder(gone.key)}/{name}": None for name in ("a.txt", ".pasteur.json")}
    evil = {f"{folder(paste.key)}/a.txt": "merged\n", NEW: "new\n", "notes.py": "x = 1\n"}
    eve.merge("side", files={**evil, **removed}, author="Mel")
    eve.push()

    drain()

    assert revision_texts(paste.key) == [{"a.txt": "one\n"}, {"a.txt": "merged\n"}]
    assert revision_authors(paste.key) == ["", "Mel"]
    assert revision_texts("handmade00") == [{"new.txt": "new\n"}]
    assert Paste.objects.get(key="handmade00").author == "Mel"
    assert Paste.objects.filter(author="Mel").count() == 2
    assert Paste.objects.get(key=gone.key).state == State.HIDDEN
    assert look().is_clean


def test_merged_commits_keep_their_authors(remote: Path) -> None:
    paste = publish_and_drain("one\n")
    eve = Contributor(remote)
    eve.branch("side", {f"{folder(paste.key)}/a.txt": "side\n", NEW: "new\n"}, author="Sid")
    eve.commit({"NOTES": "x"})
    eve.merge("side", files={}, author="Mel")
    eve.push()

    drain()

    assert revision_authors(paste.key) == ["", "Sid"]
    assert Paste.objects.get(key="handmade00").author == "Sid"
    assert look().is_clean


def test_two_merged_edits_of_a_paste_become_one_revision(remote: Path) -> None:
    paste = publish_and_drain("".join(f"{number}\n" for number in range(20)))
    path = f"{folder(paste.key)}/a.txt"
    lines = [f"{number}\n" for number in range(20)]
    eve = Contributor(remote)
    eve.branch("side", {path: "".join(["first\n", *lines[1:]])})
    eve.commit({path: "".join([*lines[:-1], "last\n"])})
    eve.merge("side", files={}, author="Mel")
    eve.push()

    drain()

    assert revision_texts(paste.key)[-1] == {"a.txt": "".join(["first\n", *lines[1:-1], "last\n"])}
    assert revision_authors(paste.key)[-1] == "Mel"
    assert look().is_clean


def test_octopus_merges_and_unrelated_histories_are_imported(remote: Path) -> None:
    paste = publish_and_drain("one\n")
    eve = Contributor(remote)
    keys = ["handmade11", "handmade22", "handmade33"]
    for key in keys:
        eve.branch(key, {f"{folder(key)}/a.txt": f"{key}\n"})
    eve.merge(*keys, files={f"{folder(paste.key)}/a.txt": "octopus\n", NEW: "new\n"}, author="Mel")
    eve.unrelated("stranger", {f"{folder('handmade44')}/a.txt": "stranger\n"})
    eve.merge("stranger", files={f"{folder(paste.key)}/b.txt": "more\n"}, author="Mia")
    eve.push()

    drain()

    assert revision_texts(paste.key)[-1] == {"a.txt": "octopus\n", "b.txt": "more\n"}
    assert revision_authors(paste.key) == ["", "Mia"]
    assert Paste.objects.get(key="handmade00").author == "Mel"
    assert [revision_texts(key) for key in [*keys, "handmade44"]] == [
        *([{"a.txt": f"{key}\n"}] for key in keys),
        [{"a.txt": "stranger\n"}],
    ]
    assert look().is_clean


def test_a_merge_with_strategy_ours_is_imported(remote: Path) -> None:
    paste = publish_and_drain("one\n")
    eve = Contributor(remote)
    edited = f"{folder(paste.key)}/a.txt"
    eve.commit({edited: "two\n"})
    eve.push()
    drain()
    assert revision_texts(paste.key)[-1] == {"a.txt": "two\n"}
    eve.git("switch", "--quiet", "--create", "old", "HEAD~1")
    eve.commit({"NOTES": "x"})
    eve.git("fetch", "--quiet")
    eve.git("merge", "--quiet", "--strategy=ours", "--message=Back", "origin/main")
    eve.git("push", "--quiet", "origin", "old:main")

    drain()

    assert revision_texts(paste.key)[-1] == {"a.txt": "one\n"}
    assert revision_authors(paste.key)[-1] == "Eve"
    assert look().is_clean


def test_changes_of_merge_commits_are_restored(remote: Path) -> None:
    paste = publish_and_drain("one\n", title="T")
    eve = Contributor(remote)
    eve.branch("side", {"NOTES": "x"})
    eve.merge("side", files={f"{folder(paste.key)}/a.txt": "merged\n", NEW: "new\n"}, author="Mel")
    eve.push()
    clear_database()

    assert restore()["restored"] == 2

    assert revision_texts(paste.key) == [{"a.txt": "one\n"}, {"a.txt": "merged\n"}]
    assert (revision_authors(paste.key), revision_authors("handmade00")) == (["", "Mel"], [""])
    assert Paste.objects.get(key="handmade00").author == "Mel"
    drain()
    assert look().is_clean


def test_files_added_by_a_merge_commit_are_imported(remote: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.git"
    repository.git(tmp_path, "init", "--bare", "--quiet", "--initial-branch=main", str(old))
    eve = Contributor(old)
    eve.commit({"aB3_": blob("x").decode()})
    eve.branch("side", {"Cd4_": blob("y").decode()})
    eve.merge("side", files={"Ef5_": blob("merged").decode(), "aB3_": blob("z").decode()})
    eve.push()

    assert import_pasteur(old)["imported"] == 3

    texts_of = {paste.old_code: revision_texts(paste.key) for paste in Paste.objects.all()}
    assert [list(revision.values()) for revision in texts_of["aB3_"]] == [["x"], ["z"]]
    assert [list(revision.values()) for revision in texts_of["Ef5_"]] == [["merged"]]


def test_read_from_git_imports_a_merge_commit(remote: Path) -> None:
    paste = publish_and_drain("one\n")
    eve = Contributor(remote)
    eve.branch("side", {"NOTES": "x"})
    eve.merge("side", files={f"{folder(paste.key)}/a.txt": "merged\n"})
    eve.push()

    call_command("read_from_git", stdout=StringIO())

    assert revision_texts(paste.key)[-1] == {"a.txt": "merged\n"}
    assert look().is_clean
