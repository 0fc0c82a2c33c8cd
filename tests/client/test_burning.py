"""The client reads burn-after-reading pastes without ever losing the content, whatever goes wrong after burning."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.client.program import FILE, Done, User
from tests.servers.pasteur import Pasteur

pytestmark = pytest.mark.server

PASSWORD: dict[str, Any] = {"PASTEUR_PASSWORD": "right"}


@pytest.fixture(scope="module")
def site() -> Iterator[Pasteur]:
    """Return the running site."""
    with Pasteur() as running:
        yield running


@pytest.fixture
def author(site: Pasteur, tmp_path_factory: pytest.TempPathFactory) -> User:
    """Return the user who creates the pastes, and remembers their keys."""
    return User(tmp_path_factory.mktemp("author"), site.url)


@pytest.fixture
def user(site: Pasteur, tmp_path: Path) -> User:
    """Return the user who reads them."""
    return User(tmp_path, site.url)


def kept_file(user: User, done: Done) -> Path:
    """Return the file mentioned in the output of a run that has burned a paste."""
    (file,) = user.list.parent.glob("*.burned")
    assert str(file) in done.err
    assert file.stat().st_mode & 0o777 == 0o600
    return file


def still_exists(site: Pasteur, url: str) -> bool:
    """Return whether a paste still exists."""
    key = url.partition("#")[0].rpartition("/")[2]
    return site.http.request("GET", f"{site.url}/api/v1/pastes/{key}").status == 200


def mistype(url: str) -> str:
    """Return an address with one character of its encryption key changed."""
    return url[:-1] + ("2" if url[-1] != "2" else "3")


def test_after_a_wrong_password_the_content_is_kept_and_the_right_one_opens_it(user: User, author: User) -> None:
    url = author("paste", "--burn", "--encrypt", text="once ☃", **PASSWORD).line

    wrong = user("get", url, "--burn", PASTEUR_PASSWORD="wrong")

    assert (wrong.status, wrong.out) == (8, "")
    file = kept_file(user, wrong)
    assert user("get", file, PASTEUR_PASSWORD="wrong").status == 8
    assert user("get", file, **PASSWORD).out == "once ☃"
    assert user("get", file, "-o", "x.txt", **PASSWORD).status == 0
    assert (user.home / "x.txt").read_text() == "once ☃"


def test_after_a_mistyped_key_the_content_is_kept_and_the_right_one_opens_it(user: User, author: User) -> None:
    url = author("paste", "--burn", "--encrypt", text="once").line

    wrong = user("get", mistype(url), "--burn", "--json")

    assert wrong.status == 8
    file = kept_file(user, wrong)
    assert str(file) in json.loads(wrong.err)["error"]["message"]
    assert user("get", file).status == 8
    assert user("get", f"{file}#{url.partition('#')[2]}").out == "once"


def test_if_a_file_does_not_exist_all_others_are_kept(user: User, author: User) -> None:
    url = author("paste", "--burn", author.write("a.py", "one\n"), author.write("b.md", "two\n")).line

    missed = user("get", url, "--burn", "--file", "a.pt")

    assert (missed.status, missed.out) == (6, "")
    assert "its files are: a.py, b.md" in missed.err
    file = kept_file(user, missed)
    assert user("get", file, "--file", "a.py").out == "one\n"
    assert user("get", file).out == "==> a.py <==\none\n\n==> b.md <==\ntwo\n"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("-o", "there.txt"), 3),
        (("-o", "there.txt/below"), 3),
        (("-o", "/proc/new/file"), 3),
        (("--password-file", "missing"), 3),
    ],
)
def test_if_success_is_impossible_nothing_is_burned(
    user: User, author: User, site: Pasteur, words: tuple[str, ...], status: int
) -> None:
    url = author("paste", "--burn", "--encrypt", text="once").line
    user.write("there.txt", "old")

    refused = user("get", url, "--burn", *words)

    assert (refused.status, refused.err.count("\n")) == (status, 1)
    assert still_exists(site, url)
    assert user("get", url, "--burn").out == "once"


def test_a_truncated_key_burns_nothing(user: User, author: User, site: Pasteur) -> None:
    url = author("paste", "--burn", "--encrypt", text="once").line

    for wrong in (url[:-2], f"{url}z", f"{url}0"):
        assert user("get", wrong, "--burn").status == 8
    assert still_exists(site, url)


def test_if_the_content_cannot_be_kept_nothing_is_burned(user: User, author: User, site: Pasteur) -> None:
    url = author("paste", "--burn", text="once").line

    refused = user("get", url, "--burn", XDG_DATA_HOME="/proc")

    assert (refused.status, "nothing was burned" in refused.err) == (3, True)
    assert still_exists(site, url)


def test_on_a_full_disk_nothing_is_lost(user: User, author: User) -> None:
    url = author("paste", "--burn", text="once").line

    with Path("/dev/full").open("wb") as full:
        failed = subprocess.run(
            [sys.executable, str(FILE), "get", url, "--burn"],
            env=user.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert failed.returncode == 3
    assert user("get", kept_file(user, Done(3, "", failed.stderr.decode()))).out == "once"


class _Cutting(BaseHTTPRequestHandler):
    """Serves a burn-after-reading paste, and closes the connection in the middle of the response."""

    def do_GET(self) -> None:
        paste = {"url": "http://x/0123456789", "burn": True, "encrypted": False, "files": []}
        self.answer(json.dumps(paste).encode())

    def do_POST(self) -> None:
        self.answer(b'[{"name": "a", "content": "the beginning of', announced=10_000)

    def answer(self, body: bytes, announced: int = 0) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(announced or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Suppress the log."""


def test_content_received_before_the_connection_was_closed_is_kept(user: User) -> None:
    with HTTPServer(("127.0.0.1", 0), _Cutting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = user("get", "0123456789", "--burn", "--server", f"http://127.0.0.1:{server.server_port}")
        server.shutdown()

    assert (done.status, done.out) == (4, "")
    assert "the beginning of" in kept_file(user, done).read_text()


def test_displayed_content_is_not_kept_any_longer(user: User, author: User) -> None:
    url = author("paste", "--burn", "--encrypt", text="once", **PASSWORD).line

    assert user("get", url, "--burn", **PASSWORD).out == "once"
    assert not list(user.list.parent.glob("*.burned"))
    gone = user("get", url, "--burn", **PASSWORD)
    assert (gone.status, list(user.list.parent.glob("*.burned"))) == (6, [])


def test_an_invalid_file_is_reported(user: User) -> None:
    assert user("get", "missing.burned").status == 3
    assert user("get", user.write("x.burned", "{}")).status == 3


def test_at_a_terminal_the_user_is_asked_again(user: User, author: User) -> None:
    url = author("paste", "--burn", "--encrypt", text="once", **PASSWORD).line

    child, terminal = pty.fork()
    if not child:
        os.execve(
            sys.executable,
            [sys.executable, str(FILE), "get", url, "--burn"],
            user.environment | {"PASTEUR_PASSWORD": "wrong"},
        )
    shown = b""
    for answer in (b"wrong too\n", b"right\n"):
        while not shown.endswith(b"Password: "):
            shown += os.read(terminal, 1_024)
        os.write(terminal, answer)
        shown += b"\n"
    while not shown.rstrip().endswith(b"once"):
        shown += os.read(terminal, 1_024)

    assert os.waitpid(child, 0)[1] == 0
    assert not list(user.list.parent.glob("*.burned"))
