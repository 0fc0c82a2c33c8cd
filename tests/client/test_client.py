"""The client against a running site: paste, get, edit, delete, list, and its error messages."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.client.program import FILE, User
from tests.servers.pasteur import Pasteur

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def site() -> Iterator[Pasteur]:
    """Return the running site."""
    with Pasteur() as running:
        yield running


@pytest.fixture
def user(site: Pasteur, tmp_path: Path) -> User:
    """Return a user of the client."""
    return User(tmp_path, site.url)


def key_of(url: str) -> str:
    """Return the key from an address."""
    return url.partition("#")[0].rpartition("/")[2]


def test_a_file_is_returned_byte_for_byte(user: User, site: Pasteur) -> None:
    text = "print('☃')\r\n\tno end of line"
    url = user(user.write("a.py", text)).line

    assert url.startswith(site.url)
    assert user("get", url).out == text
    assert user("get", key_of(url)).out == text
    assert site.read(key_of(url))["files"][0]["language"] == "python"


def test_the_properties_of_a_paste_are_sent(user: User, site: Pasteur) -> None:
    done = user(
        *("paste", "-", "--language", "py", "--name", "b.txt", "--title", "T", "--author", "A", "--comment", "C"),
        *("--expires", "1d", "--public", "--json"),
        text="x = 1\n",
    ).json

    found = site.read(done["key"])
    assert [found[name] for name in ("title", "author", "comment", "visibility")] == ["T", "A", "C", "public"]
    assert (found["files"][0]["name"], found["files"][0]["language"]) == ("b.txt", "python")
    assert found["expires_at"] == done["expires_at"]
    assert done["token"]


def test_several_files_are_printed_below_their_names_and_saved_separately(user: User) -> None:
    url = user("paste", user.write("a.py", "one\n"), user.write("b.md", "two\n")).line

    assert user("get", url).out == "==> a.py <==\none\n\n==> b.md <==\ntwo\n"
    assert user("get", url, "--file", "b.md").out == "two\n"
    assert user("get", url, "--file", "c").status == 6
    assert user("get", url, "--output", "new").status == 0
    assert [(user.home / "new" / name).read_text() for name in ("a.py", "b.md")] == ["one\n", "two\n"]
    again = user("get", url, "--output", "new")
    assert (again.status, again.err.count("\n")) == (3, 1)


def test_the_list_is_readable_only_by_its_owner_and_contains_the_tokens(user: User, site: Pasteur) -> None:
    assert user("list").out == ""
    first, second = user(text="one").line, user("paste", "--title", "Second", text="two").line

    assert user.list.stat().st_mode & 0o777 == 0o600
    assert [line.split()[1] for line in user("list").out.splitlines()] == [first, second]
    assert user("list", "--keys").out.split() == [key_of(first), key_of(second)]
    kept = user("list", "--json").json
    assert [entry["server"] for entry in kept] == [site.url] * 2
    assert user("delete", first).out == f"{key_of(first)} has been deleted\n"
    assert user("list", "--keys").out.split() == [key_of(second)]
    assert user("get", first).status == 6


def test_an_edit_replaces_files_or_properties(user: User, site: Pasteur) -> None:
    url = user(user.write("a.py", "one\n")).line

    assert user("edit", url, user.write("b.py", "two\n")).line == url
    assert user("edit", url, "--title", "New").line == url

    found = site.read(key_of(url))
    assert [(file["name"], file["content"]) for file in found["files"]] == [("b.py", "two\n")]
    assert (found["title"], found["revision"]) == ("New", 3)


def test_an_edit_can_change_only_the_language_or_name(user: User, site: Pasteur) -> None:
    url, many = user(user.write("a.py", "one\n")).line, user(user.write("a.py", "1"), user.write("b.py", "2")).line

    assert user("edit", url, "--language", "rust").line == url
    assert [file["language"] for file in site.read(key_of(url))["files"]] == ["rust"]
    assert user("edit", url, "--name", "b.md").line == url
    assert user("edit", many, "--name", "c.md").status == 2

    found = site.read(key_of(url))["files"]
    assert [(file["name"], file["language"], file["content"]) for file in found] == [("b.md", "markdown", "one\n")]


def test_an_editor_opens_the_current_content(user: User, site: Pasteur) -> None:
    url = user(user.write("a.py", "one\n")).line
    editor = user.write("editor", '#!/bin/sh\ntest "$(cat "$1")" = one && echo two >> "$1"\n')
    editor.chmod(0o700)

    assert user("edit", url, EDITOR=str(editor)).status == 0
    assert user("get", url).out == "one\ntwo\n"
    failed = user("edit", url, EDITOR="false")
    assert (failed.status, failed.err) == (3, "pasteur: false exited with status 1; nothing was changed\n")


def test_text_from_an_editor_is_saved_if_the_site_refuses_it(user: User) -> None:
    url = user(user.write("a.py", "one\n")).line
    editor = user.write("editor", f'#!/bin/sh\n{sys.executable} {FILE} edit {url} --title Else && echo mine > "$1"\n')
    editor.chmod(0o700)

    conflict = user("edit", url, EDITOR=str(editor), TMPDIR=str(user.home))

    assert conflict.status == 10
    (folder,) = user.home.glob("pasteur-*")
    assert str(folder) in conflict.err
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.read_text() for path in folder.glob("*/a.py")] == ["mine\n"]
    binary = user.write("binary", "#!/bin/sh\nprintf '\\377' > $1\n")
    binary.chmod(0o700)
    assert "is kept in" in user("edit", url, EDITOR=str(binary), TMPDIR=str(user.home)).err


def test_an_editor_leaves_no_files_behind_after_success(user: User) -> None:
    url = user(user.write("a.py", "one\n")).line
    editor = user.write("editor", '#!/bin/sh\necho two >> "$1"\n')
    editor.chmod(0o700)

    assert user("edit", url, EDITOR=str(editor), TMPDIR=str(user.home)).status == 0
    assert user("edit", url, EDITOR="false", TMPDIR=str(user.home)).status == 3
    assert user("edit", url, EDITOR="/missing", TMPDIR=str(user.home)).status == 3
    assert not list(user.home.glob("pasteur-*"))


def test_other_users_need_the_edit_token(user: User, site: Pasteur, tmp_path: Path) -> None:
    made = user("paste", "--json", text="one").json
    (tmp_path / "other").mkdir()
    other = User(tmp_path / "other", site.url)

    assert other("delete", made["url"]).status == 7
    assert other("edit", made["url"], "--title", "x").status == 7
    assert other("edit", made["url"], "--title", "x", "--edit-token", made["token"]).status == 0
    assert other("delete", made["url"], "--edit-token", made["token"]).status == 0
    assert user("delete", made["url"]).status == 6
    assert user("list").out == ""


def test_a_paste_is_burned_only_with_the_option(user: User) -> None:
    url = user("paste", "--burn", text="once").line

    refused = user("get", url)
    assert (refused.status, refused.err.count("--burn")) == (7, 1)
    assert user("get", url, "--burn").out == "once"
    assert user("get", url, "--burn").status == 6


@pytest.mark.parametrize("password", ["", "pass wörd"], ids=["key", "password"])
def test_an_encrypted_paste_is_read_with_only_its_address(
    user: User, site: Pasteur, tmp_path: Path, password: str
) -> None:
    secret: dict[str, Any] = {"PASTEUR_PASSWORD": password} if password else {}
    url = user("paste", "--encrypt", user.write("a.py", "secret ☃\n"), **secret).line
    (tmp_path / "other").mkdir()
    other = User(tmp_path / "other", site.url)

    kept = site.read(key_of(url))
    assert kept["encrypted"]
    assert "secret" not in json.dumps(kept)
    assert other("get", url, **secret).out == "secret ☃\n"
    assert other("get", url.partition("#")[0], **secret).status == 8
    assert other("get", url[:-1] + ("2" if url[-1] != "2" else "3"), **secret).status == 8
    assert user("get", key_of(url), **secret).out == "secret ☃\n"
    if password:
        wrong = other("get", url, PASTEUR_PASSWORD="wrong")
        assert (wrong.status, wrong.out) == (8, "")
        file = user.write("password", "pass wörd\n")
        assert other("get", url, "--password-file", file).out == "secret ☃\n"


def test_an_encrypted_paste_is_edited_with_the_same_key(user: User) -> None:
    url = user("paste", "--encrypt", text="one", PASTEUR_PASSWORD="pw").line

    assert user("edit", url, "-", text="two").status == 8
    assert user("edit", url, "-", text="two", PASTEUR_PASSWORD="pw").line == url
    assert user("get", url, PASTEUR_PASSWORD="pw").out == "two"


def test_settings_are_read_from_a_file_and_invalid_ones_are_refused(site: Pasteur, tmp_path: Path) -> None:
    user = User(tmp_path)

    assert user(text="x").status == 2
    user.configure(f"server = {site.url}/", "author = Ada", "visibility = public", "expires = 1h")
    found = site.read(key_of(user("paste", text="x").line))
    assert (found["author"], found["visibility"]) == ("Ada", "public")
    assert found["expires_at"]
    assert site.read(key_of(user("paste", "--unlisted", text="x").line))["visibility"] == "unlisted"
    user.configure("servr = x")
    assert "servr" in user(text="x").err
    user.configure("token = secret", mode=0o644)
    shown = user(text="x")
    assert (shown.status, "secret" in shown.err, "chmod 600" in shown.err) == (3, False, True)
    user.configure("server")
    assert user(text="x").status == 3


def test_an_api_token_changes_its_own_pastes_and_is_sent_only_to_its_site(site: Pasteur, tmp_path: Path) -> None:
    token = site.manage("api_token", "create", "client", "--scope", "read", "--scope", "write").stdout.strip()
    user = User(tmp_path, site.url, PASTEUR_TOKEN=token)
    url = user(text="one").line
    user.list.unlink()

    assert user("edit", url, "--title", "Mine").status == 0
    elsewhere = User(tmp_path, "http://127.0.0.1:9", PASTEUR_TOKEN=token)
    assert elsewhere("edit", url, "--title", "Not").status == 7
    assert user("delete", url).status == 0
    wrong = user(text="x", PASTEUR_TOKEN="pasteur_no")
    assert (wrong.status, wrong.err) == (7, "pasteur: There is no such API token.\n")


@pytest.mark.parametrize(
    ("words", "text", "status", "said"),
    [
        (["paste"], b"", 5, "no text"),
        (["paste"], b"\xff\xfe", 3, "UTF-8"),
        (["paste", "missing.txt"], b"", 3, "missing.txt"),
        (["paste", "--expires", "soon"], b"x", 5, "expires"),
        (["paste", "--language", "klingon"], b"x", 5, "klingon"),
        (["paste", "--visibility", "few"], b"x", 5, "visibility"),
        (["paste", "--password"], b"x", 2, "--encrypt"),
        (["paste", "--password", "--encrypt"], b"x", 2, "terminal"),
        (["paste", "--public", "--unlisted"], b"x", 2, "not allowed"),
        (["get", "no key!"], b"", 2, "neither"),
        (["get", "0123456789"], b"", 6, "no such paste"),
        (["get", "http://[::1/0123456789"], b"", 2, "address of a site"),
        (["get", "https://0123456789/"], b"", 2, "neither"),
        (["get"], b"", 2, "PASTE"),
        (["completion", "tcsh"], b"", 2, "tcsh"),
        (["list", "--server", "paste.example.org"], b"", 0, ""),
        (["paste", "--server", "paste.example.org"], b"x", 2, "address of a site"),
        (["paste", "--server", "http://[::1"], b"x", 2, "address of a site"),
        (["paste", "--server", "http://127.0.0.1:9"], b"x", 4, "cannot reach"),
    ],
)
def test_errors_have_a_message_and_an_exit_status(
    user: User, words: list[str], text: bytes, status: int, said: str
) -> None:
    done = user(*words, text=text)

    assert (done.status, done.out) == (status, "")
    assert said in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("length", [600_000, 4_000_000, 20_000_000])
def test_a_paste_that_is_too_large_is_reported_as_such_and_not_as_an_unreachable_site(user: User, length: int) -> None:
    done = user(text=b"x" * length)

    assert (done.status, done.out) == (5, "")
    assert "at most 524288 bytes" in done.err


def test_errors_are_json_if_requested(user: User) -> None:
    done = user("get", "0123456789", "--json")

    assert (done.status, done.out) == (6, "")
    assert json.loads(done.err) == {"error": {"code": "not_found", "message": "There is no such paste."}}


def test_the_site_serves_the_client_with_its_own_address(site: Pasteur, tmp_path: Path) -> None:
    answer = site.http.request("GET", f"{site.url}/client")
    program = tmp_path / "pasteur"
    program.write_bytes(answer.data)
    again = site.http.request("GET", f"{site.url}/client", headers={"If-None-Match": answer.headers["ETag"]})

    user = User(tmp_path)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (again.status, again.data) == (304, b"")
    assert user(text="x", program=program).line.startswith(site.url)
    assert answer.data.decode().splitlines()[1:] != FILE.read_text().splitlines()[1:]
    shown = site.http.request("GET", f"{site.url}/help.txt").data.decode()
    assert f"curl {site.url}/client" in shown


def test_bash_completes_commands_options_and_keys(user: User, tmp_path: Path) -> None:
    key = key_of(user(text="x").line)
    script = user.write("completion", user("completion", "bash").out)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pasteur").symlink_to(FILE)
    environment = user.environment | {"PATH": f"{tmp_path}/bin:{user.environment['PATH']}"}

    def completed(*words: str) -> list[str]:
        line = " ".join(f"'{word}'" for word in words)
        ask = f'. {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _pasteur; echo "${{COMPREPLY[@]}}"'
        shown = subprocess.run(["bash", "-c", ask], env=environment, capture_output=True, text=True, check=True)
        return shown.stdout.split()

    assert completed("pasteur", "del") == ["delete"]
    assert completed("pasteur", "paste", "--enc") == ["--encrypt"]
    assert completed("pasteur", "get", key[:4]) == [key]
    assert completed("pasteur", "completion", "") == ["bash", "zsh", "fish"]
    for shell in ("zsh", "fish"):
        assert "--encrypt" in user("completion", shell).out.replace("-l ", "--")


def test_two_concurrent_runs_lose_no_line_of_the_list(user: User) -> None:
    runs = [
        subprocess.Popen([str(FILE), "paste", user.write(f"{n}.txt", str(n))], env=user.environment) for n in range(4)
    ]
    assert [run.wait(60) for run in runs] == [0] * 4

    assert len(user("list", "--keys").out.split()) == 4


class _Elsewhere(BaseHTTPRequestHandler):
    """Redirects all requests, and records them."""

    came: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.came.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/other")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Suppress the log."""


def test_a_redirect_is_reported_and_not_followed(user: User) -> None:
    with HTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        done = user("get", "0123456789", "--server", address, PASTEUR_TOKEN="secret")
        server.shutdown()

    assert (done.status, "redirects to" in done.err) == (4, True)
    assert _Elsewhere.came == ["/api/v1/pastes/0123456789"]
