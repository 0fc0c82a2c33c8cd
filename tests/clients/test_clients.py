"""Popular clients, as installed by users: each creates pastes here, and the content is returned unchanged."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.running import node, run
from tests.servers.pasteur import Pasteur

pytestmark = pytest.mark.server

TEXT = "print('h\u00e9llo \u2603 \U0001f419')\n\ta=1&b=%20+c\n\n    # the end"
BYTES = (TEXT + "\r\none\rtwo\r\n").encode()


@pytest.fixture(scope="module")
def site() -> Iterator[Pasteur]:
    """Return one running site for all clients."""
    with Pasteur() as running:
        yield running


def raw(site: Pasteur, url: str) -> bytes:
    """Return the text of a paste at an address."""
    assert url.startswith(site.url), url
    answer = site.http.request("GET", f"{url.strip()}/raw")
    assert answer.status == 200, answer.data
    return answer.data


def is_gone(site: Pasteur, url: str) -> bool:
    """Return whether a paste no longer exists."""
    return site.http.request("GET", f"{url.strip()}/raw").status == 404


FORMS = {
    "first": (["-F", "paste=<spam.py"], ""),
    "file": (["-F", "file=@spam.py"], ""),
    "rustypaste": (["-F", "file=@spam.py", "-H", "expire: 10min"], ""),
    "body": (["--data-binary", "@spam.py"], ""),
    "put": (["-T", "spam.py"], ""),
    "hastebin": (["--data-binary", "@spam.py"], "documents"),
    "dpaste": (["-F", "content=<spam.py", "-F", "format=url"], "api/"),
    "dpaste.com": (["--data-urlencode", "content@spam.py"], "api/v2/"),
    "pinnwand": (["-F", "raw=<spam.py"], "curl"),
    "sprunge": (["-F", "sprunge=<spam.py"], ""),
    "ix": (["-F", "f:1=<spam.py"], ""),
}


@pytest.mark.parametrize("form", FORMS)
def test_curl_pastes_in_each_form_and_deletes_with_its_token(site: Pasteur, tmp_path: Path, form: str) -> None:
    (tmp_path / "spam.py").write_bytes(BYTES)
    arguments, path = FORMS[form]

    answer = run("curl", "-sS", "--fail", "-D", "headers", *arguments, f"{site.url}/{path}", home=tmp_path)

    found = re.search(r'(?:https?://[\w.:]+/|"(?:key|code)": ")([0-9a-z]{10})', answer)
    assert found, answer
    url = f"{site.url}/{found[1]}"
    assert raw(site, url) == BYTES
    token = re.search(r"(?i)^x-pasteur-token: (\S+)", (tmp_path / "headers").read_text(), re.MULTILINE)
    assert token
    run("curl", "-sS", "--fail", "-X", "DELETE", "-H", f"X-Pasteur-Token: {token[1]}", url, home=tmp_path)
    assert is_gone(site, url)


def test_pastebinit_pastes_with_the_configuration_file_served_by_the_site(site: Pasteur, tmp_path: Path) -> None:
    (tmp_path / ".pastebin.d").mkdir()
    conf = run("curl", "-sS", "--fail", f"{site.url}/pastebin.d/pasteur.conf", home=tmp_path)
    (tmp_path / ".pastebin.d" / "pasteur.conf").write_text(conf)
    (tmp_path / "spam.py").write_text(TEXT)

    at = site.url.removeprefix("http://")
    url = run("pastebinit", "-b", at, "-f", "python", "-t", "Spam", "-a", "Ada", "spam.py", home=tmp_path).strip()

    assert raw(site, url) == TEXT.encode()
    paste = site.read(url.rpartition("/")[2])
    assert (paste["title"], paste["author"], paste["visibility"]) == ("Spam", "Ada", "unlisted")
    assert paste["files"][0]["language"] == "python"


def test_pastebinit_shows_error_messages(site: Pasteur, tmp_path: Path) -> None:
    shared = Path(__file__).resolve().parents[2] / "client"
    (tmp_path / "clients" / "pastebin.d").mkdir(parents=True)
    conf = (shared / "pastebin.d" / "pasteur.conf").read_text()
    at = site.url.removeprefix("http://")
    conf = conf.replace("paste.example.org", at).replace("https = True\n", "")
    (tmp_path / "clients" / "pastebin.d" / "pasteur.conf").write_text(conf)

    run(
        *("pastebinit", "-b", at, "-f", "nonsense"),
        home=tmp_path,
        stdin=TEXT,
        fails=True,
        XDG_DATA_DIRS=str(tmp_path / "clients"),
    )


def test_steck_pastes_several_files_and_its_removal_link_works(site: Pasteur, tmp_path: Path) -> None:
    (tmp_path / ".config" / "steck").mkdir(parents=True)
    (tmp_path / ".config" / "steck" / "steck.toml").write_text(f'base = "{site.url}/"\nconfirm = false\n')
    (tmp_path / "spam.py").write_text(TEXT)
    (tmp_path / "ham.txt").write_text("ham\n")

    said = run("steck", "paste", "--no-ignore", "spam.py", "ham.txt", home=tmp_path)

    link, removal = (re.search(rf"{name} link: +(\S+)", said) for name in ("View", "Removal"))
    assert link
    assert removal
    files = site.read(link[1].rpartition("/")[2])["files"]
    assert [(file["name"], file["content"]) for file in files] == [("spam.py", TEXT), ("ham.txt", "ham\n")]
    run("curl", "-sS", "--fail", removal[1], home=tmp_path)
    assert is_gone(site, link[1])


LIBRARIES = {
    "hastebin": "require('hastebin').createPaste(text, { server: at })",
    "hastebin-gen": "require('hastebin-gen')(text, { url: at, extension: 'py' })",
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_hastebin_libraries_paste_and_return_the_page(site: Pasteur, tmp_path: Path, library: str) -> None:
    program = f"const [at, text] = JSON.parse(process.argv[1]); {LIBRARIES[library]}.then(console.log)"

    url = node(program, json.dumps([site.url, BYTES.decode()]), home=tmp_path).strip()

    assert raw(site, url.removesuffix(".py")) == BYTES
    page = site.http.request("GET", url, headers={"Accept": "text/html"})
    assert page.status == 200
    assert (b'data-language="python"' in page.data) == url.endswith(".py")


def test_gist_pastes_reads_updates_and_deletes(site: Pasteur, tmp_path: Path) -> None:
    def gist(*arguments: str) -> str:
        return run("gist-paste", *arguments, home=tmp_path, GITHUB_URL=site.url)

    (tmp_path / "spam.py").write_text(TEXT)
    token_file = tmp_path / f".gist.{re.sub(r'[^a-z0-9.-]', '', site.url.replace(':', '.'))}"
    token_file.write_text("anybody")  # It pastes only if it finds a token; this site accepts any.

    url = gist("-d", "Spam", "spam.py").strip()
    assert raw(site, url) == TEXT.encode()
    assert site.read(url.rpartition("/")[2])["title"] == "Spam"
    assert gist("--read", url.rpartition("/")[2]).rstrip("\n") == TEXT

    run(
        *("curl", "-sS", "--fail", "-D", "headers", f"{site.url}/api/v3/gists"),
        *("-d", '{"files": {"spam.py": {"content": "old"}}}'),
        home=tmp_path,
    )
    headers = (tmp_path / "headers").read_text()
    made, token = (re.search(rf"(?i)^{name}: (\S+)", headers, re.MULTILINE) for name in ("location", "x-pasteur-token"))
    assert made
    assert token
    key = made[1].rpartition("/")[2]
    token_file.write_text(token[1])
    gist("-u", key, "spam.py")
    assert raw(site, f"{site.url}/{key}") == TEXT.encode()
    assert "Deleted!" in gist("--delete", key)
    assert is_gone(site, f"{site.url}/{key}")
