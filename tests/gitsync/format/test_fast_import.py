"""Commits formatted for fast-import: visitors' input remains plain text, as verified with Git itself."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitsync.format import fast_import
from gitsync.format.fast_import import Commit, Identity, plain_line, quoted
from gitsync.format.tree import TreeEntry, tree_names
from gitsync.models import Kind
from pastes.models import blob_oid
from tests import repository

KEY = "k3x9m2p7ab"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

#: Input that would end a line, an identity or a command if it were not treated as plain text.
TRICKS = st.sampled_from(
    [
        *(
            "\n",
            "\r",
            "\0",
            "<",
            ">",
            "<a@b.c> 1 +0000",
            "\nfrom refs/heads/main\n",
            "\ndata 3\nabc",
            "\nD .\n",
            "\ndone\n",
        ),
        *(
            "committer X <x@x> 1 +0000",
            "\n\nPasteur-Key: forged\n",
            "--upload-pack=x",
            "-rf",
            '"',
            "\\",
            "\\012",
            "\u2028",
        ),
        *(
            "\x85",
            "\u202e",
            "\ufeff",
            "\ud800",
            "\U0001fffe",
            "🐙",
            "é",
            " ",
            "\t",
            ".",
            ",",
            "'",
            ";",
            "#",
            "blob 5\0hello",
        ),
    ]
)
WORDS = st.lists(TRICKS | st.text(max_size=10), max_size=8).map("".join)
ENTRIES = st.dictionaries(
    WORDS.map(lambda name: tree_names([name])[0]), st.binary(max_size=80) | st.just(b"x\n\ndata 5\ndone\n"), max_size=5
).map(lambda files: tuple(TreeEntry(name, blob_oid(content), content) for name, content in files.items()))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty bare repository."""
    made = tmp_path_factory.mktemp("git") / "bare.git"
    subprocess.run(["git", "init", "--bare", "--quiet", str(made)], check=True)
    return made


def commit_of(
    entries: tuple[TreeEntry, ...] = (), *, author: str = "", title: str = "", kind: str = "publish"
) -> Commit:
    """Return a commit for one paste."""
    return Commit(f"{KEY}.1", kind, KEY, f"k/3/x/{KEY}", author, title, AT, entries)


def made_by(bare: Path, *written: Commit) -> str:
    """Let Git create these commits, each on top of the previous one, and return the last."""
    stream = b""
    for mark, commit in enumerate(written, start=1):
        parent = f":{mark - 1}" if mark > 1 else ""
        stream += b"".join(fast_import.stream(commit, mark=mark, parent=parent, committed_at=1_800_000_000 + mark))
    repository.git(bare, "fast-import", "--quiet", "--done", "--force", "--date-format=raw", stdin=stream + b"done\n")
    return repository.git(bare, "rev-parse", fast_import.NEXT_REF).decode().strip()


def at(bare: Path, commit: str) -> dict[str, bytes]:
    """Return all files in a commit, keyed by path."""
    found = {}
    for row in repository.git(bare, "ls-tree", "-r", "-z", commit).split(b"\0")[:-1]:
        facts, _, path = row.partition(b"\t")
        mode, _, oid = facts.split()
        assert mode == b"100644"
        found[path.decode()] = repository.git(bare, "cat-file", "blob", oid.decode())
    return found


@settings(max_examples=40, deadline=None)
@given(ENTRIES, WORDS, WORDS)
@example((), "", "")
@example((), "A <a@b.c> 0 +0000\ncommitter B <b@b.c> 0 +0000\n\nforged", "x\n\nPasteur-Change: forged.1")
def test_any_input_becomes_one_commit_with_its_files(
    bare: Path, entries: tuple[TreeEntry, ...], author: str, title: str
) -> None:
    made = made_by(bare, commit_of(entries, author=author, title=title))

    raw = repository.git(bare, "cat-file", "commit", made)
    head, _, message = raw.partition(b"\n\n")
    tree, name, committer = head.split(b"\n")
    assert tree.startswith(b"tree ")
    assert name == f"author {Identity().author(author)} {int(AT.timestamp())} +0000".encode()
    assert committer == b"committer Pasteur <paste@pasteur.invalid> 1800000001 +0000"
    subject, empty, *trailers = message.decode().split("\n")
    assert subject.startswith("Publish ")
    assert subject.isprintable()
    assert (empty, trailers) == ("", [f"Pasteur-Key: {KEY}", "Pasteur-Kind: publish", f"Pasteur-Change: {KEY}.1", ""])
    assert at(bare, made) == {f"k/3/x/{KEY}/{entry.name}": entry.content for entry in entries}


def test_git_fsck_accepts_many_such_commits(bare: Path) -> None:
    tricks = ["a <b> c", "\n\n", "é", "", "-x", "\u202e", ".", "<>", "x" * 500]
    entry = TreeEntry("a.txt", blob_oid(b"x"), b"x")

    made_by(bare, *(commit_of((entry,), author=words, title=words) for words in tricks))

    repository.assert_sound(bare)


@settings(deadline=None)
@given(WORDS)
@example("")
@example("<>")
@example("\"'.,:; ")
@example(" Ada  Lovelace ")
def test_an_author_is_one_name_and_one_invalid_address(author: str) -> None:
    found = Identity().author(author)

    name, _, mail = found.partition(" <")
    assert mail == "paste@pasteur.invalid>"
    assert name
    assert name == name.strip()
    assert not set(name) & set("<>\n\0")
    assert name.isprintable()
    found.encode()


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("Zoë 🐙", "Zoë 🐙"),
        ("", "Anonymous"),
        ("<>", "Anonymous"),
        ("...", "Anonymous"),
        ("Ada <ada@example.org>", "Ada ada@example.org"),
        ("two\nlines", "two lines"),
        ("Dr. A., Jr.", "Dr. A., Jr"),
        ("\u202eevil", "evil"),
    ],
)
def test_examples_of_authors(author: str, name: str) -> None:
    assert Identity().author(author) == f"{name} <paste@pasteur.invalid>"


@settings(deadline=None)
@given(st.text())
def test_a_plain_line_is_printable_and_idempotent(text: str) -> None:
    line = plain_line(text)

    assert line.isprintable()
    assert "  " not in line
    assert line == line.strip() == plain_line(line)


@settings(deadline=None)
@given(WORDS.map(lambda text: text.encode(errors="replace").decode()))
def test_a_quoted_path_round_trips(path: str) -> None:
    found = quoted(path)

    assert found.isascii()
    assert found.isprintable()
    assert (found[0], found[-1]) == ('"', '"')
    assert found[1:-1].encode().decode("unicode_escape").encode("latin-1").decode() == path


@pytest.mark.parametrize(("kind", "verb"), [(kind, kind.capitalize()) for kind in Kind.values])
def test_the_subject_contains_the_kind_and_the_title(bare: Path, kind: str, verb: str) -> None:
    titled, untitled = commit_of(kind=kind, title="A title"), commit_of(kind=kind)

    subjects = [
        repository.git(bare, "log", "-1", "--format=%s", made_by(bare, commit)).decode()
        for commit in (titled, untitled)
    ]

    assert subjects == [f"{verb} A title\n", f"{verb} {KEY}\n"]


@pytest.mark.parametrize(("length", "shown"), [(100, "é" * 100), (101, "é" * 99 + "…"), (5_000, "é" * 99 + "…")])
def test_a_long_title_is_truncated_in_the_subject(bare: Path, length: int, shown: str) -> None:
    made = made_by(bare, commit_of(title="é" * length))

    assert repository.git(bare, "log", "-1", "--format=%s", made).decode() == f"Publish {shown}\n"


def test_a_commit_replaces_its_folder_and_touches_nothing_else(bare: Path) -> None:
    old = (TreeEntry("old.txt", blob_oid(b"old"), b"old"), TreeEntry("both.txt", blob_oid(b"1"), b"1"))
    new = (TreeEntry("both.txt", blob_oid(b"2"), b"2"),)
    other = Commit("k3x0000000.1", "publish", "k3x0000000", "k/3/x/k3x0000000", "", "", AT, (old[0],))

    made = made_by(bare, other, commit_of(old), commit_of(new, kind="edit"))
    gone = made_by(bare, other, commit_of(old), commit_of(kind="remove"))

    assert at(bare, made) == {"k/3/x/k3x0000000/old.txt": b"old", f"k/3/x/{KEY}/both.txt": b"2"}
    assert at(bare, gone) == {"k/3/x/k3x0000000/old.txt": b"old"}


def test_equal_changes_are_equal_commits(bare: Path) -> None:
    entry = TreeEntry("a.txt", blob_oid(b"x"), b"x")

    assert made_by(bare, commit_of((entry,))) == made_by(bare, commit_of((entry,)))
