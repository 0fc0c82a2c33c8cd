"""Names in the tree are safe on every file system and for Git, whatever visitors enter. Checked with Git itself."""

import json
import subprocess
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitsync.format import tree
from gitsync.format.tree import TreeEntry, tree_names, tree_oid
from pastes.models import File, Paste, Revision, blob_oid
from pastes.rules import keys
from tests import repository

DEVICES = [
    "con",
    "prn",
    "aux",
    "nul",
    "conin$",
    "conout$",
    *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"),
]
#: Parts of names that have a special meaning to a file system, to Git or to a forge.
PIECES = st.sampled_from(
    [
        *(
            ".",
            "..",
            " ",
            "/",
            "\\",
            ":",
            "*",
            "?",
            '"',
            "<",
            ">",
            "|",
            "~1",
            "-",
            "_",
            "git",
            "GIT",
            "modules",
            "README",
        ),
        *(
            ".git",
            "git~1",
            ".gitmodules",
            ".mailmap",
            ".pasteur.json",
            "readme",
            ".md",
            ".txt",
            "CON",
            "nul",
            "com1",
            "lpt²",
        ),
        *(
            "\u200c",
            "\u202e",
            "\ufeff",
            "\u0301",
            "é",
            "e\u0301",
            "ſ",
            "K",
            "İ",
            "ß",
            "ﬁ",
            "\n",
            "\0",
            "\x7f",
            "\ud800",
        ),
        *("x" * 190, "é" * 60, "🐙" * 40),
    ]
)
NAMES = st.lists(PIECES | st.text(max_size=12), max_size=8).map("".join)


def is_harmless(name: str) -> bool:
    """Return whether a name is safe on Windows, macOS and Linux and for Git, by an independent implementation."""
    stem = name.partition(".")[0].rstrip(" ").casefold()
    return (
        0 < len(name.encode()) <= 255
        and not set(name) & set('<>:"/\\|?*')
        and not any(unicodedata.category(character)[0] == "C" for character in name)
        and name[-1] not in ". "
        and stem not in DEVICES
        and not name.casefold().startswith((".git", "git~", "gitmod~", "gi7eba~"))
        and name not in {".mailmap", tree.METADATA}
    )


@settings(deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=6))
@example(["nul .txt"])
@example(["CON  .tar.gz"])
@example(["x" * 199 + " and more words without an ending"])
@example(["x" * 199 + "." + "y" * 30])
@example(["é" * 99 + "x ." + "y" * 30])
@example(["git\u200c~1"])
@example([".g\u200cit"])
@example(["a", "A", "a-2", "A-2"])
@example(["ǆ", "ǅ", "Ǆ"])
@example(["\u0390.py", "\u03aa\u0301.py"])
@example(["\u1fb7", "\u0391\u0342\u0399"])
@example(["gitmod~1", "GI7EBA~1"])
def test_any_names_become_safe_and_unique_on_every_file_system(names: list[str]) -> None:
    found = tree_names(names)

    assert len(found) == len(names)
    assert [name for name in found if not is_harmless(name)] == []
    for form in ("NFC", "NFD", "NFKC"):
        assert form == "NFKC" or len({unicodedata.normalize(form, name).casefold() for name in found}) == len(found)
    decomposed = (unicodedata.normalize("NFD", name) for name in found)
    assert len({unicodedata.normalize("NFD", name.casefold()) for name in decomposed}) == len(found)
    assert found == tree_names(names)


@settings(deadline=None)
@given(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,30}(\.[a-z]{1,5})?", fullmatch=True))
def test_an_ordinary_name_is_not_changed(name: str) -> None:
    kept = tree_names([name])[0]

    stem = name.partition(".")[0].lower()
    assert kept == (f"_{name}" if stem in DEVICES or stem == "readme" else name)


@pytest.mark.parametrize("device", DEVICES)
def test_no_name_is_a_windows_device(device: str) -> None:
    endings = ["", ".txt", ".tar.gz", " .txt", "  .x", ".", " ", ":x"]

    for name in (word + ending for word in (device, device.upper()) for ending in endings):
        assert is_harmless(tree_names([name])[0])


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("notes.md", "notes.md"),
        ("schön.txt", "schön.txt"),
        ("scho\u0308n.txt", "schön.txt"),
        ("README", "_README"),
        ("readme.MD", "_readme.MD"),
        ("readmes", "readmes"),
        (".gitignore", "_.gitignore"),
        (".GIT", "_.GIT"),
        (" .git", "_ .git"),
        ("GIT~1", "_GIT~1"),
        ("git~27x", "_git~27x"),
        (".github", "_.github"),
        ("a/b", "a_b"),
        ("a.", "a_"),
        (" ", "_"),
        ("", "_"),
        ("...", "___"),
        ("..", "__"),
        ("x" * 300, "x" * 200),
        ("x" * 300 + ".py", "x" * 197 + ".py"),
    ],
)
def test_examples_of_each_rule_for_names(name: str, kept: str) -> None:
    assert tree_names([name]) == [kept]


def test_colliding_names_are_numbered_before_their_extension() -> None:
    assert tree_names(["a.txt", "A.txt", "a.TXT", "a-2.txt"]) == ["a.txt", "A-2.txt", "a-3.TXT", "a-2-2.txt"]
    assert tree_names([".pasteur.json", "_.pasteur.json"]) == ["_.pasteur.json", "_.pasteur-2.json"]


def test_long_colliding_names_remain_short() -> None:
    names = tree_names(["x" * 250 + f"{number}.py" for number in range(30)])

    assert len(set(names)) == 30
    assert all(len(name) <= 200 and name.endswith(".py") for name in names)


@settings(deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=30))
def test_git_accepts_every_name_with_all_its_protections_enabled(names: list[str]) -> None:
    rows = "".join(f"100644 {blob_oid(b'')}\tk/3/x/k3x9m2p7ab/{name}\0" for name in tree_names(names))

    done = subprocess.run(
        ["git", "-c", "core.protectNTFS=true", "-c", "core.protectHFS=true", "update-index", "-z", "--index-info"],
        input=rows.encode(),
        env={"PATH": "/usr/bin:/bin", "GIT_DIR": str(BARE), "GIT_INDEX_FILE": str(BARE / "index-of-a-test")},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")


BARE = Path()


@pytest.fixture(scope="module", autouse=True)
def _bare(tmp_path_factory: pytest.TempPathFactory) -> None:
    global BARE  # noqa: PLW0603  (hypothesis runs one function many times; the repository is made once)
    BARE = tmp_path_factory.mktemp("git") / "bare.git"
    subprocess.run(["git", "init", "--bare", "--quiet", str(BARE)], check=True)


@settings(deadline=None)
@given(st.text(keys.ALPHABET, min_size=8, max_size=32))
def test_the_key_is_recovered_from_a_folder(key: str) -> None:
    folder = tree.folder(key)

    assert folder.split("/") == [key[0], key[1], key[2], key]
    assert tree.key_of(f"{folder}/a.txt") == tree.key_of(f"{folder}/.pasteur.json") == key


@pytest.mark.parametrize(
    "path",
    [
        *("README.md", "a/b/c/abd0123456/x", "a/b/abc0123456/x", "a/b/c/abc0123456", "A/B/C/ABC0123456/x", ""),
        *("x/a/b/c/abc0123456/y", "../b/c/abc/x", "/a/b/c/abc/x", "a/b/c/abc-1/x", ".git/config"),
    ],
)
def test_other_paths_do_not_belong_to_a_paste(path: str) -> None:
    assert tree.key_of(path) is None


ENTRIES = st.dictionaries(NAMES.map(lambda name: tree_names([name])[0]), st.binary(max_size=60), min_size=1, max_size=8)


@settings(deadline=None)
@given(ENTRIES)
def test_tree_ids_equal_those_of_git(contents: dict[str, bytes]) -> None:
    entries = sorted(
        (TreeEntry(name, blob_oid(content)) for name, content in contents.items()), key=lambda e: e.name.encode()
    )
    rows = "".join(f"100644 blob {entry.oid}\t{entry.name}\0" for entry in entries)

    made = repository.git(BARE, "mktree", "-z", "--missing", stdin=rows.encode()).decode().strip()

    assert tree_oid(entries) == made


def revision_of(title: str, names: list[str]) -> tuple[Paste, Revision, list[File]]:
    """Return unsaved model instances, without using a database."""
    at = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    paste = Paste(key="k3x9m2p7ab", title=title, author=title, comment=title, created_at=at)
    files = [File(name=name, language="plaintext", content="é\r\n", oid=blob_oid("é\r\n".encode())) for name in names]
    return paste, Revision(paste=paste, number=3, created_at=at), files


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"])), st.lists(NAMES.filter(lambda n: "\ud800" not in n), max_size=4)
)
def test_metadata_is_json_with_one_line_per_field(title: str, names: list[str]) -> None:
    found = tree.entries(*revision_of(title, names), with_content=True)

    (metadata,) = (entry for entry in found if entry.name == tree.METADATA)
    row = json.loads(metadata.content)
    assert (row["title"], row["author"], row["comment"], row["revision"]) == (title, title, title, 3)
    assert [file["name"] for file in row["files"]] == names
    assert [file["path"] for file in row["files"]] == tree_names(names)
    assert metadata.content.count(b"\n") == len(row) + 2
    assert metadata.oid == blob_oid(metadata.content)
    assert [entry.name.encode() for entry in found] == sorted(entry.name.encode() for entry in found)


def test_entries_have_content_only_on_request() -> None:
    rows = revision_of("T", ["a.txt"])

    full, bare = tree.entries(*rows, with_content=True), tree.entries(*rows, with_content=False)

    assert [entry.content for entry in full if entry.name == "a.txt"] == ["é\r\n".encode()]
    assert [entry.content for entry in bare if entry.name == "a.txt"] == [b""]
    assert tree_oid(full) == tree_oid(bare)
