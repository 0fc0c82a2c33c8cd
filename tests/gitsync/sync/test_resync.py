"""`manage.py resync_git`: differences are found by path and id, and repaired."""

import json
import subprocess
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from gitsync.format.fast_import import Commit
from gitsync.format.tree import TreeEntry, folder
from gitsync.models import Change
from gitsync.progress import unwatched
from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository
from gitsync.sync import resync
from gitsync.sync.drain import drain
from pastes.lifecycle import erasing, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste, blob_oid
from tests import many, older_backup, repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def check() -> tuple[int, dict[str, object]]:
    """Run `resync_git --check --json` and return its exit status and its report."""
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("resync_git", "--check", "--json", stdout=out)
    return int(ended.value.code or 0), json.loads(out.getvalue())


def repair(*options: str) -> str:
    """Run `resync_git` and return its report."""
    out = StringIO()
    call_command("resync_git", *options, stdout=out, stderr=StringIO())
    return out.getvalue()


def entries(files: dict[str, bytes]) -> tuple[TreeEntry, ...]:
    """Return the files in a folder as tree entries."""
    return tuple(TreeEntry(name, blob_oid(content), content) for name, content in files.items())


def push_by_hand(settings: Settings, folders: dict[str, dict[str, bytes]]) -> None:
    """Commit folders at the remote's tip without using the database (an empty one is removed)."""
    remote = Remote.configured()
    clone = Repository.open(settings.GITSYNC_CLONE_DIR)
    tip = remote.fetch(clone)
    now = Paste.objects.latest("id").created_at
    commits = [
        Commit("x.1", "edit", key, folder(key), "Eve", "", now, entries(files)) for key, files in folders.items()
    ]
    remote.push(clone, old=tip, new=clone.write(tip, commits).tip)


def test_a_correct_mirror_is_clean(remote: Path) -> None:
    many.publish(20)
    drain()

    status, report = check()

    assert status == 0
    assert report["clean"] is True
    assert report["pastes"] == 20


def test_pending_changes_are_reported_and_pushed(remote: Path) -> None:
    keys = many.publish(3)

    status, report = check()
    assert (status, report["waiting"]) == (1, sorted(keys))
    repair()

    assert check()[0] == 0


def test_long_lists_are_truncated_in_text_and_complete_in_json(remote: Path) -> None:
    keys = sorted(many.publish(60))

    shown = repair()

    assert shown.count("\nwaiting") + shown.startswith("waiting") == 51
    assert f"waiting  {keys[49]}\nwaiting  and 10 more; --json lists all\n" in shown
    assert keys[50] not in shown


def test_missing_differing_and_extra_pastes_are_repaired(remote: Path, settings: Settings) -> None:
    missing, differs, hidden, *_ = many.publish(30)
    drain()
    writing.hide(Paste.objects.get(key=hidden))
    drain()
    push_by_hand(
        settings,
        {missing: {}, differs: {"0.txt": b"changed by hand"}, hidden: {"a": b"back"}, "zzzzzzzzzz": {"a": b"unknown"}},
    )

    status, report = check()
    assert status == 1
    assert (report["missing"], report["differs"], report["extra"]) == (
        [missing],
        [differs],
        sorted([hidden, "zzzzzzzzzz"]),
    )
    shown = repair("--prune")

    assert f"missing  {missing}" in shown
    assert check()[0] == 0
    assert repository.text(remote, differs, "1.txt") == b"text 1\n"
    repository.assert_sound(remote)


def test_check_changes_nothing(remote: Path, settings: Settings) -> None:
    (key,) = many.publish(1)
    drain()
    push_by_hand(settings, {key: {}})
    tip = repository.tip(remote)

    check()

    assert repository.tip(remote) == tip
    assert Change.objects.count() == 1


def test_an_empty_new_remote_is_filled_with_every_commit(remote: Path, tmp_path: Path, settings: Settings) -> None:
    many.publish(50)
    drain()
    before = repository.tip(remote)
    settings.GITSYNC_REMOTE = str(tmp_path / "new.git")
    subprocess.run(["git", "init", "--bare", "-q", "-b", "main", settings.GITSYNC_REMOTE], check=True)

    repair()

    assert repository.tip(Path(settings.GITSYNC_REMOTE)) == before
    assert check()[0] == 0


@pytest.mark.parametrize("count", [1, 101])
def test_removing_any_paste_that_is_only_in_git_requires_prune(remote: Path, settings: Settings, count: int) -> None:
    many.publish(1)
    drain()
    push_by_hand(settings, {f"abc{number:07}": {"a": b"x"} for number in range(count)})

    with pytest.raises(CommandError, match=rf"{count} pastes are only in Git.*\n.*restore_from_git.*--prune") as caught:
        repair()
    assert caught.value.returncode == 2
    assert len(repository.files(remote)) == count + 2
    repair("--prune")

    assert check()[0] == 0


def test_a_paste_that_was_taken_off_the_site_is_removed_without_the_option(remote: Path, settings: Settings) -> None:
    hidden, purged, kept = many.publish(3)
    drain()
    writing.hide(Paste.objects.get(key=hidden))
    erasing.purge(purged, reason="spam", by="Mo")
    drain()
    push_by_hand(settings, {hidden: {"a": b"back"}, purged: {"a": b"back"}})

    repair()

    assert check()[0] == 0
    assert {path.split("/")[3] for path in repository.files(remote)} == {kept}


def test_a_refused_resync_leaves_importing_to_the_next_drain(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_READ_BACK = True
    many.publish(15)
    drain()
    backup = older_backup.take()
    many.publish(25)
    drain()
    backup.restore()
    before = older_backup.dump()

    with pytest.raises(CommandError, match="25 pastes are only in Git"):
        repair()
    assert older_backup.dump() == before
    drain()

    assert Paste.objects.count() == 40
    assert check()[0] == 0


def test_other_files_next_to_the_pastes_are_kept(remote: Path, settings: Settings) -> None:
    many.publish(1)
    drain()
    clone = Repository.open(settings.GITSYNC_CLONE_DIR)
    tip = Remote.configured().fetch(clone)
    now = Paste.objects.get().created_at
    readme = Commit("x.1", "edit", "x", "docs", "Eve", "", now, (TreeEntry("README", blob_oid(b"hi"), b"hi"),))
    Remote.configured().push(clone, old=tip, new=clone.write(tip, [readme]).tip)

    assert check()[0] == 0
    assert "no difference" in repair()
    assert repository.files(remote)["docs/README"] == b"hi"


def test_an_unreachable_remote_is_reported_in_one_message(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_REMOTE = "/nowhere/at/all.git"

    with pytest.raises(CommandError, match="not appear to be a git repository"):
        repair()


def test_resync_respects_the_push_interval(
    remote: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 1.0
    many.hook(remote, "pre-receive", f"date +%s.%N >> {tmp_path}/pushes")
    monkeypatch.setattr("gitsync.sync.drain.DRAIN_CHANGES", 5)
    writing.publish(Draft([NewFile("x")]))
    drain()
    many.publish(10)

    resync.deliver(unwatched, unwatched)

    starts = [float(line) for line in (tmp_path / "pushes").read_text().split()]
    assert len(starts) == 3
    assert min(later - earlier for earlier, later in pairwise(starts)) > 0.5  # A hook may start late.
    assert not Change.objects.pending().exists()
