"""The commands in the documentation and the help work when typed, with the site's own address."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from urllib3 import BaseHTTPResponse

from tests.servers.pasteur import ROOT, Pasteur

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def site() -> Iterator[Pasteur]:
    """Return one running site for all commands."""
    with Pasteur() as running:
        yield running


def run_typed(session: str, home: Path, **variables: str) -> str:
    """Run shell commands in a folder with a few files; return their output."""
    for name, text in {"hello.py": 'print("hello")\n', "a.py": "a = 1\n", "b.md": "# b\n", "notes.txt": "☃\n"}.items():
        (home / name).write_text(text)
    (home / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\nmax-time = 20\n")
    (home / ".local" / "bin").mkdir(parents=True)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", session],
        cwd=home,
        env={"PATH": f"{home}/.local/bin:{os.environ['PATH']}", "HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commands(page: str) -> list[str]:
    """Return the commands that follow the prompts on a page."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    return re.findall(r"^\$ (.*)$", "\n".join(blocks), re.MULTILINE)


def test_every_command_in_the_help_works(site: Pasteur, tmp_path: Path) -> None:
    shown = site.http.request("GET", f"{site.url}/help.txt").data.decode()
    lines = [line.strip() for line in shown.splitlines() if re.match(r"  .*\bcurl ", line)]
    read, burned, deleted = (create_paste(site, path) for path in ("hello.py", "?burn=1", "x"))
    token = deleted.headers["X-Pasteur-Token"]
    of = {"/burn": burned, "DELETE": deleted}

    session = [
        line.replace("Token: TOKEN", f"Token: {token}")
        .replace("/NAME", "/hello.py")
        .replace(f"{site.url}/KEY", next((of[word] for word in of if word in line), read).headers["Location"])
        for line in lines
    ]
    said = run_typed("\n".join(session), tmp_path)

    assert len(lines) == 10
    assert len(re.findall(rf"^{site.url}/[0-9a-z]{{10}}$", said, re.MULTILINE)) == 5
    assert said.count("text of hello.py") == 2
    assert "text of ?burn=1" in said
    assert "usage: pasteur" in said
    for gone in (burned, deleted):
        assert site.http.request("GET", gone.headers["Location"]).status == 404


def create_paste(site: Pasteur, path: str) -> BaseHTTPResponse:
    """Create a paste to read, burn or delete."""
    return site.http.request("PUT", f"{site.url}/{path}", body=f"text of {path}\n".encode())


def test_the_commands_with_an_api_token_work(site: Pasteur, tmp_path: Path) -> None:
    token = site.manage("api_token", "create", "typed", "--scope", "write").stdout.strip()
    lines = [line for line in commands("docs/api.md") if "curl" in line]

    said = run_typed("\n".join(lines).replace("http://127.0.0.1:8000", site.url), tmp_path, PASTEUR_TOKEN=token)

    assert len(lines) == said.count(site.url) == 1


def test_the_client_can_be_installed_and_used_as_documented(site: Pasteur, tmp_path: Path) -> None:
    lines = commands("docs/client.md")

    said = run_typed(
        "\n".join(lines).replace("https://paste.example.org", site.url).replace("make 2>&1", "date"), tmp_path
    )

    plain, built, sealed = said.split()
    assert len(lines) == 4
    assert site.http.request("GET", f"{plain}/raw").data == b'print("hello")\n'
    assert site.read(built.rpartition("/")[2])["title"] == "It does not build"
    assert site.read(sealed.partition("#")[0].rpartition("/")[2])["encrypted"]
