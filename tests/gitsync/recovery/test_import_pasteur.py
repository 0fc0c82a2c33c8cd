"""`manage.py import_pasteur`: the original Pasteur's pastes are imported, and their links continue to work."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from gitsync.format.tree import folder
from gitsync.models import Change
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.models import Paste
from tests import repository
from tests.gitsync.manual_commits import Entry, Row, commit
from tests.gitsync.recovery.test_restore import clear_database, database_content
from tests.gitsync.recovery.test_restore import restore as restore_from_git

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return an empty repository for the original Pasteur's pastes."""
    repository.git(tmp_path, "init", "--bare", "--quiet", str(tmp_path / "old.git"))
    return tmp_path / "old.git"


def blob(contents: Any, **fields: Any) -> bytes:
    """Return a file in the original Pasteur's format."""
    return json.dumps({"contents": contents, "encrypted": False} | fields).encode()


def import_pasteur(old: Path) -> dict[str, Any]:
    """Run the command and return its report."""
    out = StringIO()
    try:
        call_command("import_pasteur", str(old), "--branch", "main", "--json", stdout=out)
    except SystemExit:
        pass  # The report contains what was skipped.
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def test_without_master_the_only_or_default_branch_is_imported(remote: Path, old: Path) -> None:
    def run(*options: str) -> str:
        out = StringIO()
        call_command("import_pasteur", str(old), *options, stdout=out)
        return out.getvalue()

    assert "empty" in run()
    commit(old, {"aB3_": blob("one")})
    assert run().startswith(f"main at {repository.tip(old)[:10]}: 1 imported")
    repository.git(old, "update-ref", "refs/heads/other", "main")
    repository.git(old, "symbolic-ref", "HEAD", "refs/heads/other")
    assert run().startswith(f"other at {repository.tip(old)[:10]}: 0 imported, 1 already present")

    repository.git(old, "symbolic-ref", "HEAD", "refs/heads/nowhere")
    for options in ((), ("--branch", "mian")):
        with pytest.raises(CommandError, match="it has main, other\n") as caught:
            run(*options)
        assert caught.value.returncode == 2
    repository.git(old, "update-ref", "refs/heads/master", "main")
    assert run().startswith("master at")


def test_old_links_continue_to_work(remote: Path, old: Path, client: Client) -> None:
    commit(old, {"aB3_": blob("let x = 1\r\n"), "Ab3_": blob("let y = 2\n")})

    assert import_pasteur(old)["imported"] == 2

    for query in ("?raw", "?raw=true", "?raw&hl=ocaml&ln"):
        assert client.get(f"/aB3_{query}").content == b"let x = 1\r\n"
    assert client.get("/Ab3_?raw").content == b"let y = 2\n"
    assert b"let x = 1" in client.get("/aB3_?hl=ocaml&ln=true").content
    assert client.head("/aB3_").status_code == 200
    assert client.get("/ab3_").status_code == 404
    assert client.put("/aB3_", b"a file of this name").status_code == 201
    assert client.post("/aB3_").status_code == 405


def test_dates_and_encryption_are_kept_and_edits_are_revisions(remote: Path, old: Path) -> None:
    commit(old, {"aB3_": blob("00ff", encrypted=True)})
    commit(old, {"aB3_": blob("00fe", encrypted=True)})

    import_pasteur(old)

    paste = Paste.objects.get()
    assert (paste.encrypted, paste.head, paste.created_at.timestamp()) == (True, 2, 1_700_000_000)
    assert [revision.files.get().content for revision in paste.revisions.all()] == ["00ff", "00fe"]


def test_a_code_that_is_a_valid_key_becomes_the_key(remote: Path, old: Path) -> None:
    commit(old, {"abcdefgh12": blob("x")})

    import_pasteur(old)

    assert [(paste.key, paste.old_code) for paste in Paste.objects.all()] == [("abcdefgh12", None)]


def test_importing_again_changes_nothing(remote: Path, old: Path) -> None:
    commit(old, {"aB3_": blob("x"), "abcdefgh12": blob("y")})
    import_pasteur(old)
    before = database_content()

    assert import_pasteur(old)["present"] == 2

    assert database_content() == before


def test_the_mirror_restores_old_codes(remote: Path, old: Path, client: Client) -> None:
    commit(old, {"aB3_": blob("x"), "abcdefgh12": blob("y")})
    import_pasteur(old)
    drain()
    before = database_content()
    key = Paste.objects.get(old_code="aB3_").key
    assert json.loads(repository.text(remote, key, ".pasteur.json"))["old_code"] == "aB3_"
    assert b"old_code" not in repository.text(remote, "abcdefgh12", ".pasteur.json")
    assert look().is_clean
    clear_database()

    restore_from_git()

    assert database_content() == before
    assert client.get("/aB3_?raw").content == b"x"


@pytest.mark.parametrize(
    ("row", "content"),
    [
        ("README", b"hello"),
        ("aB3_", b"["),
        ("aB3_", b"{" * 100_000),
        ("aB3_", b'{"contents": 1}'),
        ("aB3_", blob("x", encrypted="on")),
        ("aB3_", blob("  ")),
        ("aB3_", blob("nul \0")),
        ("aB3_", blob("half \ud800")),
        ("aB3_", blob("x" * 600_000)),
        ("a.b", blob("x")),
        (b"\xff", blob("x")),
        ("aB3_", Entry("120000", b"/etc/passwd")),
        ("aB3_/x", blob("x")),
    ],
)
def test_files_not_written_by_the_original_pasteur_are_skipped(remote: Path, old: Path, row: Row, content: Any) -> None:
    commit(old, {"good": blob("good"), row: content})

    report = import_pasteur(old)

    assert (report["imported"], len(report["skipped"])) == (1, 1)
    assert Paste.objects.get().old_code == "good"
    assert Change.objects.count() == 1


def test_an_invalid_old_code_in_the_metadata_is_not_restored(remote: Path) -> None:
    row = {"format": 1, "key": "abcdefghjk", "title": "", "author": "", "comment": "", "visibility": "unlisted"}
    dates = {"created_at": "2026-01-01T00:00:00+00:00", "revised_at": "2026-01-01T00:00:00+00:00"}
    row |= dates | {"encrypted": False, "revision": 1, "files": [], "old_code": "../x"}
    commit(
        remote, {f"{folder('abcdefghjk')}/.pasteur.json": json.dumps(row).encode(), f"{folder('abcdefghjk')}/a": b"x"}
    )

    assert "old code" in restore_from_git(status=1)["skipped"]["abcdefghjk"]


def test_an_invalid_address_is_refused(remote: Path) -> None:
    with pytest.raises(CommandError, match="absolute path"):
        call_command("import_pasteur", "ext::sh")
