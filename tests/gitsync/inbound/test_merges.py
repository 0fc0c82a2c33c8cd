"""Merge commits by others are read as what they are, also where they say what none of their histories does."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from gitsync.format.tree import folder
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.models import Paste, State
from tests import repository
from tests.gitsync.inbound.test_read_in import published, texts
from tests.gitsync.person import Person
from tests.gitsync.recovery.test_import_pasteur import blob, import_pasteur
from tests.gitsync.recovery.test_restore import forget_everything, restore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

NEW = f"{folder('handmade00')}/new.txt"


def authors(key: str) -> list[str]:
    """Return who made each revision of a paste."""
    return [revision.author for revision in Paste.objects.get(key=key).revisions.order_by("number")]


def test_a_merge_that_edits_adds_and_removes_is_read(remote: Path) -> None:
    paste, gone = published("one\n"), published("two\n")
    eve = Person(remote)
    eve.branch("side", {"NOTES": "x"})
    removed = {f"{folder(gone.key)}/{name}": None for name in ("a.txt", ".pasteur.json")}
    evil = {f"{folder(paste.key)}/a.txt": "merged\n", NEW: "new\n", "notes.py": "x = 1\n"}
    eve.merge("side", rows={**evil, **removed}, author="Mel")
    eve.push()

    drain()

    assert texts(paste.key) == [{"a.txt": "one\n"}, {"a.txt": "merged\n"}]
    assert authors(paste.key) == ["", "Mel"]
    assert texts("handmade00") == [{"new.txt": "new\n"}]
    assert Paste.objects.get(key="handmade00").author == "Mel"
    assert Paste.objects.filter(author="Mel").count() == 2
    assert Paste.objects.get(key=gone.key).state == State.HIDDEN
    assert look().is_clean


def test_a_merge_gives_nobody_elses_work_to_who_merges(remote: Path) -> None:
    paste = published("one\n")
    eve = Person(remote)
    eve.branch("side", {f"{folder(paste.key)}/a.txt": "side\n", NEW: "new\n"}, author="Sid")
    eve.commit({"NOTES": "x"})
    eve.merge("side", rows={}, author="Mel")
    eve.push()

    drain()

    assert authors(paste.key) == ["", "Sid"]
    assert Paste.objects.get(key="handmade00").author == "Sid"
    assert look().is_clean


def test_two_edits_of_one_paste_that_are_merged_are_one_text(remote: Path) -> None:
    paste = published("".join(f"{number}\n" for number in range(20)))
    path = f"{folder(paste.key)}/a.txt"
    lines = [f"{number}\n" for number in range(20)]
    eve = Person(remote)
    eve.branch("side", {path: "".join(["first\n", *lines[1:]])})
    eve.commit({path: "".join([*lines[:-1], "last\n"])})
    eve.merge("side", rows={}, author="Mel")
    eve.push()

    drain()

    assert texts(paste.key)[-1] == {"a.txt": "".join(["first\n", *lines[1:-1], "last\n"])}
    assert authors(paste.key)[-1] == "Mel"
    assert look().is_clean


def test_an_octopus_and_an_unrelated_history_are_read(remote: Path) -> None:
    paste = published("one\n")
    eve = Person(remote)
    keys = ["handmade11", "handmade22", "handmade33"]
    for key in keys:
        eve.branch(key, {f"{folder(key)}/a.txt": f"{key}\n"})
    eve.merge(*keys, rows={f"{folder(paste.key)}/a.txt": "octopus\n", NEW: "new\n"}, author="Mel")
    eve.unrelated("stranger", {f"{folder('handmade44')}/a.txt": "stranger\n"})
    eve.merge("stranger", rows={f"{folder(paste.key)}/b.txt": "more\n"}, author="Mia")
    eve.push()

    drain()

    assert texts(paste.key)[-1] == {"a.txt": "octopus\n", "b.txt": "more\n"}
    assert authors(paste.key) == ["", "Mia"]
    assert Paste.objects.get(key="handmade00").author == "Mel"
    assert [texts(key) for key in [*keys, "handmade44"]] == [
        *([{"a.txt": f"{key}\n"}] for key in keys),
        [{"a.txt": "stranger\n"}],
    ]
    assert look().is_clean


def test_a_merge_that_takes_nothing_of_ours_is_read(remote: Path) -> None:
    paste = published("one\n")
    eve = Person(remote)
    edited = f"{folder(paste.key)}/a.txt"
    eve.commit({edited: "two\n"})
    eve.push()
    drain()
    assert texts(paste.key)[-1] == {"a.txt": "two\n"}
    eve.git("switch", "--quiet", "--create", "old", "HEAD~1")
    eve.commit({"NOTES": "x"})
    eve.git("fetch", "--quiet")
    eve.git("merge", "--quiet", "--strategy=ours", "--message=Back", "origin/main")
    eve.git("push", "--quiet", "origin", "old:main")

    drain()

    assert texts(paste.key)[-1] == {"a.txt": "one\n"}
    assert authors(paste.key)[-1] == "Eve"
    assert look().is_clean


def test_what_only_merges_say_comes_back_from_the_mirror(remote: Path) -> None:
    paste = published("one\n", title="T")
    eve = Person(remote)
    eve.branch("side", {"NOTES": "x"})
    eve.merge("side", rows={f"{folder(paste.key)}/a.txt": "merged\n", NEW: "new\n"}, author="Mel")
    eve.push()
    forget_everything()

    assert restore()["restored"] == 2

    assert texts(paste.key) == [{"a.txt": "one\n"}, {"a.txt": "merged\n"}]
    assert (authors(paste.key), authors("handmade00")) == (["", "Mel"], [""])
    assert Paste.objects.get(key="handmade00").author == "Mel"
    drain()
    assert look().is_clean


def test_what_only_a_merge_adds_is_imported(remote: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.git"
    repository.git(tmp_path, "init", "--bare", "--quiet", "--initial-branch=main", str(old))
    eve = Person(old)
    eve.commit({"aB3_": blob("x").decode()})
    eve.branch("side", {"Cd4_": blob("y").decode()})
    eve.merge("side", rows={"Ef5_": blob("merged").decode(), "aB3_": blob("z").decode()})
    eve.push()

    assert import_pasteur(old)["imported"] == 3

    texts_of = {paste.old_code: texts(paste.key) for paste in Paste.objects.all()}
    assert [list(revision.values()) for revision in texts_of["aB3_"]] == [["x"], ["z"]]
    assert [list(revision.values()) for revision in texts_of["Ef5_"]] == [["merged"]]


def test_commands_go_on_after_a_merge(remote: Path) -> None:
    paste = published("one\n")
    eve = Person(remote)
    eve.branch("side", {"NOTES": "x"})
    eve.merge("side", rows={f"{folder(paste.key)}/a.txt": "merged\n"})
    eve.push()

    call_command("read_from_git", stdout=StringIO())

    assert texts(paste.key)[-1] == {"a.txt": "merged\n"}
    assert look().is_clean
