"""A command that refuses changes nothing: no row, no branch."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from pytest_django import Settings

from gitsync.errors import TooManyRemovedError
from gitsync.inbound import removals
from gitsync.models import Change, Mirror
from gitsync.sync import resync
from gitsync.sync.drain import drain
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste, Revision
from tests import many, repository
from tests.gitsync.manual_commits import commit
from tests.gitsync.sync.test_identity import replace_by_other_repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def everything(remote: Path) -> dict[str, Any]:
    """Return all rows of all tables of Pasteur, and the branches of the remote."""
    models = [*apps.get_app_config("pastes").get_models(), *apps.get_app_config("gitsync").get_models()]
    rows: dict[str, Any] = {model.__name__: list(model.objects.order_by("pk").values()) for model in models}  # type: ignore[attr-defined]
    return rows | {"refs": repository.git(remote, "for-each-ref") if (remote / "HEAD").exists() else None}


@contextmanager
def prepared(settings: Settings, monkeypatch: pytest.MonkeyPatch, remote: Path, fault: str) -> Iterator[None]:
    """Bring about what the command refuses."""
    match fault:
        case "removals":
            monkeypatch.setattr(removals, "ALLOWED_REMOVALS", 0)
            commit(remote, {"k": None, **dict.fromkeys(repository.files(remote))})
        case "unrelated":
            replace_by_other_repository(remote)
        case "renamed":
            repository.git(remote, "branch", "-m", "main", "trunk")
        case "only in Git":
            commit(remote, {"a/b/c/abczzzzzzz/a.txt": b"only in Git\n"})
        case "unreachable":
            remote.rename(remote.with_name("away"))
        case "settings":
            settings.GITSYNC_REMOTE = "no such address"
        case "no branch":
            settings.GITSYNC_BRANCH = "other"
        case "busy":
            monkeypatch.setattr(resync, "LOCK_SECONDS", 0)
            monkeypatch.setattr("gitsync.recovery.full_history.LOCK_SECONDS", 0)
            with settings.GITSYNC_CLONE_DIR.with_suffix(".lock").open("a") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                os.utime(file.fileno())
                yield
            return
    yield


_REFUSALS = [
    (["read_from_git"], ["removals", "unrelated", "renamed", "unreachable", "settings", "busy"]),
    (["resync_git"], ["only in Git", "unrelated", "renamed", "unreachable", "settings", "busy"]),
    (["restore_from_git"], ["no branch", "unreachable", "settings", "busy"]),
    (["purge", "abcdefghjk", "--reason", "x"], ["", "unreachable", "settings", "busy"]),
    (["purge", "not a key", "--reason", "x"], [""]),
]


@pytest.mark.parametrize(("command", "fault"), [(command, fault) for command, faults in _REFUSALS for fault in faults])
def test_a_refused_command_changes_nothing(
    remote: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, command: list[str], fault: str
) -> None:
    many.publish(3)
    drain()
    many.publish(1)  # A change that is pending.
    with prepared(settings, monkeypatch, remote, fault):
        before = everything(remote)

        with pytest.raises(CommandError) as refused:
            call_command(*command, stdout=StringIO(), stderr=StringIO())

        assert refused.value.returncode in {1, 2}
        assert everything(remote) == before


def test_a_refused_drain_settles_nothing_before_it_looks_at_removals(
    remote: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    many.publish(3)
    drain()
    before = everything(remote)
    with prepared(settings, monkeypatch, remote, "removals"), pytest.raises(TooManyRemovedError):
        drain()

    after = everything(remote)
    assert {name for name in before if before[name] != after[name]} <= {"Mirror", "refs"}
    assert before["Mirror"][0]["tip"] == after["Mirror"][0]["tip"]


@pytest.fixture
def revised(remote: Path) -> Callable[[], tuple[Paste, list[str]]]:
    """Return a function that edits a paste twice, pushes it, and restores the database of before."""

    def revise() -> tuple[Paste, list[str]]:
        texts = ["first\n", "second\n", "third\n"]
        paste = writing.publish(Draft([NewFile(texts[0], "a.txt")]))
        drain()
        tip = Mirror.objects.get().tip
        for text in texts[1:]:
            writing.revise(paste, files=[NewFile(text, "a.txt")])
            drain()
        File.objects.filter(revision__number__gt=1).delete()
        Revision.objects.filter(number__gt=1).delete()
        Change.objects.filter(number__gt=1).delete()
        Paste.objects.update(head=1)
        Mirror.objects.update(tip=tip)
        return Paste.objects.get(), texts

    return revise


@pytest.mark.parametrize("prune", [(), ("--prune",)])
def test_revisions_that_only_git_has_are_overwritten_with_prune_alone(
    remote: Path, settings: Settings, prune: tuple[str, ...], revised: Callable[[], tuple[Paste, list[str]]]
) -> None:
    settings.GITSYNC_READ_BACK = False
    paste, texts = revised()

    if prune:
        call_command("resync_git", *prune, stdout=StringIO(), stderr=StringIO())
        assert repository.text(remote, paste, "a.txt") == texts[0].encode()
        return
    before = everything(remote)
    with pytest.raises(CommandError, match=r"1 pastes have newer revisions in Git.*\n.*restore_from_git"):
        call_command("resync_git", stdout=StringIO(), stderr=StringIO())
    assert everything(remote) == before

    call_command("restore_from_git", stdout=StringIO(), stderr=StringIO())

    paste.refresh_from_db()
    revisions = paste.revisions.order_by("number")
    assert [revision.files.get().content for revision in revisions] == texts
    call_command("resync_git", stdout=StringIO(), stderr=StringIO())
    assert resync.look().is_clean
    assert repository.text(remote, paste, "a.txt") == texts[-1].encode()
