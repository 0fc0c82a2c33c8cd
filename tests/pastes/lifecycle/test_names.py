"""Names, titles and authors with a special meaning: on the page, in headers, in the tree, in commits."""

import re
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.test import Client

from gitsync.format import tree
from gitsync.sync.drain import drain
from pastes.models import File, Paste
from tests import repository
from tests.pastes.api.client import create, refused
from tests.pastes.html_pages import Page
from tests.pastes.row_counts import nothing_stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]

#: The input, how the page displays it, and its name in the tree.
NAMES = [
    ("../../.git/config", "config", "config"),
    ("/etc/x", "x", "x"),
    (r"C:\x", "x", "x"),
    (r"..\..\evil.txt", "evil.txt", "evil.txt"),
    ("a/b/c/d.py", "d.py", "d.py"),
    (".gitmodules", ".gitmodules", "_.gitmodules"),
    (".gitattributes", ".gitattributes", "_.gitattributes"),
    (".GitIgnore", ".GitIgnore", "_.GitIgnore"),
    (".git", ".git", "_.git"),
    ("git~1", "git~1", "_git~1"),
    (".mailmap", ".mailmap", "_.mailmap"),
    (".pasteur.json", ".pasteur.json", "_.pasteur.json"),
    ("README.md", "README.md", "_README.md"),
    ("CON", "CON", "_CON"),
    ("nul.txt", "nul.txt", "_nul.txt"),
    ("com1.tar.gz", "com1.tar.gz", "_com1.tar.gz"),
    ("x:ads", "x:ads", "x_ads"),
    ("dot.", "dot.", "dot_"),
    ("space.txt ", "space.txt ", "space.txt_"),
    ("dots. . .", "dots. . .", "dots_____"),
    ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>", "_img src=x onerror=alert(1)_"),
    ("\"';", "\"';", "_';"),
    ("\u202egpj.exe", "\u202egpj.exe", "_gpj.exe"),
    ("%0d%0aSet-Cookie: a=b", "%0d%0aSet-Cookie: a=b", "%0d%0aSet-Cookie_ a=b"),
    ("{{7*7}}{% debug %}", "{{7*7}}{% debug %}", "{{7_7}}{% debug %}"),
    ("--upload-pack=x", "--upload-pack=x", "--upload-pack=x"),
    ("-rf", "-rf", "-rf"),
    ("$(id)`id`", "$(id)`id`", "$(id)`id`"),
    ("?query#fragment", "?query#fragment", "_query#fragment"),
    ("schön 🐙.txt", "schön 🐙.txt", "schön 🐙.txt"),
    ("é" * 127, "é" * 127, "é" * 100),
]


def paste_named(client: Client, name: str) -> Paste:
    """Publish a file with this name through the API."""
    response = create(client, {"files": [{"content": "text", "name": name}]})
    assert response.status_code == 201, response.content
    return Paste.objects.get(key=response.json()["key"])


@pytest.mark.parametrize(("typed", "shown", "kept"), NAMES, ids=[ascii(typed)[:30] for typed, _, _ in NAMES])
def test_a_name_is_displayed_as_typed_and_is_safe_in_git(
    client: Client, remote: Path, typed: str, shown: str, kept: str
) -> None:
    paste = paste_named(client, typed)

    drain()

    assert paste.files[0].name == shown
    folder = tree.folder(paste.key)
    assert set(repository.files(remote)) == {f"{folder}/.pasteur.json", f"{folder}/{kept}"}
    repository.assert_sound(remote)


@pytest.mark.parametrize("name", [shown for _, shown, _ in NAMES], ids=ascii)
def test_a_name_is_escaped_on_the_page_and_links_to_its_file(client: Client, name: str) -> None:
    paste = paste_named(client, name)

    page = Page(client.get(f"/{paste.key}"))

    assert name in page.text
    assert not page.foreign_elements()
    raw, download = (link for link in page.links() if link.startswith((f"/{paste.key}/raw", f"/{paste.key}/download")))
    assert client.get(raw).content == client.get(download).content == b"text"


@pytest.mark.parametrize("name", [shown for _, shown, _ in NAMES], ids=ascii)
def test_a_download_has_one_header_in_the_format_of_rfc_5987(client: Client, name: str) -> None:
    paste = paste_named(client, name)

    response = client.get(f"/{paste.key}/download/{quote(name, safe='')}")

    form = r"attachment; filename=\"([A-Za-z0-9._-]*)\"; filename\*=UTF-8''([A-Za-z0-9%._~-]+)"
    match = re.fullmatch(form, response["Content-Disposition"])
    assert match
    assert unquote(match[2]) == name
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a\0b", "control_character"),
        ("a\nb", "control_character"),
        ("a\r\nSet-Cookie: x=y", "control_character"),
        ("a\x1b[2J", "control_character"),
        ("a\x7f", "control_character"),
        ("a\x85b", "control_character"),
        ("a\u2028b", "control_character"),
        ("x" * 256, "name_too_long"),
        ("x" * 300, "name_too_long"),
        ("é" * 128, "name_too_long"),
        ("x" * 5_000, "name_too_long"),
        ("d/" * 250 + "x", "name_too_long"),
        ("..", "name"),
        (".", "name"),
        ("/", "name"),
        ("folder/", "name"),
        ("../..", "name"),
    ],
)
def test_an_invalid_name_is_refused(client: Client, name: str, code: str) -> None:
    with nothing_stored():
        response = create(client, {"files": [{"content": "text", "name": name}]})

    assert refused(response) == (422, code, "files.0.name")


@pytest.mark.parametrize("name", ["a%0ab", "%00", "x" * 300, "%2e%2e", "a%1b"])
def test_put_refuses_the_same_names(client: Client, name: str) -> None:
    with nothing_stored():
        response = client.put(f"/{name}", b"text", content_type="")

    assert response.status_code == 422


def test_names_that_would_collide_in_the_tree_are_kept_apart(client: Client, remote: Path) -> None:
    names = ["a:b", "a?b", "_a_b", "A_B", "README", "_README", "CON", "_con"]
    files = [{"content": name, "name": name} for name in names]
    assert create(client, {"files": files}).status_code == 201

    drain()

    lying = {PurePosixPath(path).name: content.decode() for path, content in repository.files(remote).items()}
    del lying[".pasteur.json"]
    assert sorted(lying.values()) == sorted(names)
    assert len({name.casefold() for name in lying}) == len(names)


def test_two_files_whose_names_differ_only_in_case_are_refused(client: Client) -> None:
    files = [{"content": "a", "name": "Straße.txt"}, {"content": "b", "name": "STRASSE.TXT"}]

    with nothing_stored():
        response = create(client, {"files": files})

    assert refused(response) == (422, "duplicate_name", "files.1.name")


WORDS = [
    "<b>bold</b>",
    "--upload-pack=x",
    "-rf",
    "$(id)",
    "`id`",
    "a <a@b.c> 1 +0000",
    "{{7*7}}",
    "%s%n",
    "'\";",
    "\u202edrow",
]


@pytest.mark.parametrize("words", WORDS, ids=ascii)
def test_title_and_author_are_one_line_each_in_a_commit(client: Client, remote: Path, words: str) -> None:
    response = create(client, {"files": [{"content": "x"}], "title": words, "author": words})

    drain()

    shown: dict[str, Any] = response.json()
    assert (shown["title"], shown["author"]) == (words, words)
    author, mail, lines = repository.git(remote, "log", "-1", "--format=%an%x00%ae%x00%B", "main").decode().split("\0")
    assert mail == "paste@pasteur.invalid"
    assert not set(author) & set("<>\n\u202e")
    assert lines.startswith("Publish ")
    assert lines.splitlines()[1] == ""
    assert "<b>" not in client.get(f"/{shown['key']}").content.decode()
    repository.assert_sound(remote)


@pytest.mark.parametrize("words", ["a\nb", "a\r\nTo: x", "a\0b", "a\x1b]0;x\a", "a\u2028b", "a\x85b"])
@pytest.mark.parametrize("field", ["title", "author"])
def test_control_characters_in_title_and_author_are_refused(client: Client, field: str, words: str) -> None:
    with nothing_stored():
        response = create(client, {"files": [{"content": "x"}], field: words})

    assert refused(response) == (422, "control_character", field)


def test_a_name_of_only_spaces_is_replaced(client: Client) -> None:
    create(client, {"files": [{"content": "a", "name": "  "}, {"content": "b", "language": "python"}]})

    assert sorted(File.objects.values_list("name", flat=True)) == ["paste.py", "paste.txt"]


def uploaded(client: Client, disposition: bytes, content: bytes = b"text", **headers: str) -> Any:
    """Send a part `file` with a byte-exact head, followed by another valid file."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; ' + disposition + b"\r\n\r\n"
    other = b'--b\r\nContent-Disposition: form-data; name="file"; filename="other.txt"\r\n\r\nother\r\n'
    sent = head + content + b"\r\n" + other + b"--b--\r\n"
    return client.generic("POST", "/", sent, "multipart/form-data; boundary=b", headers=headers)


@pytest.mark.parametrize("expire", ["", "1h"], ids=["own", "rustypaste"])
@pytest.mark.parametrize(
    "disposition",
    [
        b'filename="' + b"a" * 252 + b'.txt"',
        b'filename="' + b"a" * 303 + b'"',
        b'filename="' + b"a" * 5_000 + b'.txt"',
        b"filename=" + b"a" * 256,
        b"Filename=" + b"a" * 256,
        b'filename="' + "é".encode() * 128 + b'"',
        b"filename*=UTF-8''" + b"%C3%A9" * 128,
        b'filename="' + b"a" * 256 + b'\\"\'"',
        b"filename*0=" + b"a" * 200 + b"; filename*1=" + b"a" * 56,
        b'filename="folder/' + b"a" * 256 + b'"',
    ],
)
def test_a_name_of_more_than_255_bytes_is_refused_and_not_truncated(
    client: Client, disposition: bytes, expire: str
) -> None:
    with nothing_stored():
        response = uploaded(client, disposition, accept="application/json", expire=expire)

    error = response.json()["error"]
    assert (response.status_code, error["code"], error["field"], error["limit"]) == (422, "name_too_long", "name", 255)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'filename="' + b"a" * 251 + b'.txt"', "a" * 251 + ".txt"),
        (b'filename="' + "é".encode() * 127 + b'"', "é" * 127),
        (b"filename*=UTF-8''%C3%A9.txt", "é.txt"),
        (b"filename*=iso-8859-1''%E9.txt", "é.txt"),
        (rb'filename="a\"b;c.txt"', 'a"b;c.txt'),
        (b'filename="' + b"folder/" * 60 + b'a.txt"', "a.txt"),
    ],
)
def test_a_name_of_at_most_255_bytes_is_stored_as_it_was_sent(client: Client, disposition: bytes, name: str) -> None:
    response = uploaded(client, disposition)

    assert response.status_code == 201, response.content
    assert [file.name for file in Paste.objects.get().files] == [name, "other.txt"]


@pytest.mark.parametrize(
    "head",
    [b'filename="sch\xf6n.txt"', b'filename="a.txt"; x="\xff"', b'filename="a.txt"\r\nContent-Type: text/\xe9'],
)
@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/html"])
def test_a_name_in_latin_1_is_refused_as_not_utf8(client: Client, head: bytes, accept: str) -> None:
    with nothing_stored():
        response = uploaded(client, head, accept=accept)

    assert response.status_code == 400
    assert b"not UTF-8" in response.content


@pytest.mark.parametrize(
    ("disposition", "status"), [(b"filename*=nonsense''a", 400), (b'filename=".."', 422), (b'filename="&#46;."', 400)]
)
def test_no_file_in_a_form_is_silently_skipped(client: Client, disposition: bytes, status: int) -> None:
    with nothing_stored():
        response = uploaded(client, disposition)

    assert response.status_code == status
