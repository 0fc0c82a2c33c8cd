"""nginx in front of the site: what it caches and for how long, and what it does without the site."""

import json
import socket
import sqlite3
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pastes.ciphertexts import sealed
from tests.servers.below_a_path import PATH
from tests.servers.nginx import Nginx
from tests.servers.pasteur import Pasteur
from tests.servers.process import wait_until

pytestmark = [pytest.mark.production, pytest.mark.server]
PAGE = {"Accept": "text/html", "Accept-Language": "en"}
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def site() -> Iterator[Pasteur]:
    """Return a site that expects one web server in front."""
    limits = {f"PASTEUR_LIMIT_{name}": "off" for name in ("CREATE", "READ", "DELETE")}
    site = Pasteur(PASTEUR_PROXIES="1", **limits)
    with site:
        yield site


@pytest.fixture(scope="module")
def front(site: Pasteur) -> Iterator[Nginx]:
    """Return nginx in front of it."""
    with Nginx(site) as server:
        yield server


def made(front: Nginx, **fields: Any) -> dict[str, Any]:
    """Publish a paste through nginx, and return the answer of the API."""
    body = json.dumps({"files": [{"content": "text\n" * 200, "name": "a.txt"}], **fields})
    headers = {"Content-Type": "application/json"}
    answer = front.http.request("POST", f"{front.url}/api/v1/pastes", body=body, headers=headers)
    assert answer.status == 201, answer.data
    result: dict[str, Any] = answer.json()
    return result


@pytest.fixture(scope="module")
def key(front: Nginx) -> str:
    """Return the key of a public paste."""
    return str(made(front, visibility="public", author="Ada")["key"])


def at_the_start_of_a_second() -> None:
    """Wait for the start of a second: an answer is cached until its end."""
    time.sleep(1 - time.time() % 1 + 0.01)


CACHED: dict[str, tuple[str, dict[str, str]]] = {
    "page": ("/{key}", PAGE),
    "page for curl": ("/{key}", {"Accept": "*/*"}),
    "raw text": ("/{key}/raw", {}),
    "raw text of a file": ("/{key}/raw/a.txt", {}),
    "download": ("/{key}/download/a.txt", {}),
    "archive": ("/{key}/zip", {}),
    "revisions": ("/{key}/revisions", PAGE),
    "frame": ("/{key}/embed", PAGE),
    "API": ("/api/v1/pastes/{key}", JSON),
    "list of the API": ("/api/v1/pastes", JSON),
    "list": ("/recent", PAGE),
    "feed": ("/recent.atom", {}),
    "search": ("/search?q=text", PAGE),
    "author": ("/by/Ada", PAGE),
    "hastebin": ("/documents/{key}", {}),
    "with the cookie of a language": ("/{key}", {**PAGE, "Cookie": "language=fr"}),
}
NOT_CACHED: dict[str, tuple[str, dict[str, str]]] = {
    "form": ("/", PAGE),
    "form for a fork": ("/{key}/fork", PAGE),
    "form with the CSRF token of one visitor": ("/{key}/fork", {**PAGE, "Cookie": f"csrftoken={'a' * 32}"}),
    "form for a report": ("/{key}/report", PAGE),
    "with an API token": ("/{key}/raw", {"Authorization": "Bearer pst_nothing"}),
    "with an edit token": ("/{key}/raw", {"X-Pasteur-Token": "nothing"}),
    "with a session": ("/{key}", {**PAGE, "Cookie": "sessionid=abc"}),
    "part of a text": ("/{key}/raw", {"Range": "bytes=0-1"}),
    "burning paste": ("/{burns}", PAGE),
    "burning paste in the API": ("/api/v1/pastes/{burns}", JSON),
    "encrypted paste": ("/{encrypted}", PAGE),
    "encrypted paste, raw": ("/{encrypted}/raw", {}),
    "encrypted paste in the API": ("/api/v1/pastes/{encrypted}", JSON),
    "no paste": ("/zzzzzzzzzz", PAGE),
    "login": ("/admin/login/", PAGE),
    "health": ("/healthz", {}),
    "readiness": ("/readyz", {}),
}


@pytest.fixture(scope="module")
def keys(front: Nginx, key: str) -> dict[str, str]:
    """Return keys of pastes of every kind."""
    return {
        "key": key,
        "burns": made(front, burn=True)["key"],
        "encrypted": made(front, encrypted=True, files=[{"content": sealed()}])["key"],
    }


@pytest.mark.parametrize("kind", CACHED)
def test_answers_that_are_the_same_for_everyone_are_cached(front: Nginx, keys: dict[str, str], kind: str) -> None:
    path, headers = CACHED[kind]
    at_the_start_of_a_second()

    states = front.cache_states(path.format(**keys), headers)

    assert states[0] in {"MISS", "EXPIRED"}
    assert "HIT" in states[1:], states


@pytest.mark.parametrize("kind", NOT_CACHED)
def test_answers_that_are_for_one_caller_are_never_cached(front: Nginx, keys: dict[str, str], kind: str) -> None:
    path, headers = NOT_CACHED[kind]
    at_the_start_of_a_second()

    states = front.cache_states(path.format(**keys), headers)

    assert not set(states) & {"HIT", "STALE", "UPDATING", "REVALIDATED"}, states


def test_a_cached_answer_is_given_only_to_callers_of_the_same_kind_language_and_coding(front: Nginx, key: str) -> None:
    at_the_start_of_a_second()
    page = front.get(f"/{key}", **PAGE).data.decode()
    french = front.get(f"/{key}", **PAGE | {"Accept-Language": "fr-FR,fr;q=0.9"}).data.decode()
    by_cookie = front.get(f"/{key}", **PAGE, Cookie="language=de").data.decode()
    plain = front.get(f"/{key}", Accept="*/*")
    accepts_gzip = PAGE | {"Accept-Encoding": "gzip"}
    zipped = front.http.request("GET", f"{front.url}/{key}", headers=accepts_gzip, decode_content=False)

    assert '<html lang="en"' in page
    assert '<html lang="fr"' in french
    assert '<html lang="de"' in by_cookie
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.data[:2] == b"\x1f\x8b"
    assert "X-Accel-Expires" not in plain.headers
    assert b"<html" in plain.data or plain.data.startswith(b"text")


def test_a_cached_answer_has_an_etag_and_is_confirmed_without_its_body(front: Nginx, key: str) -> None:
    at_the_start_of_a_second()
    etag = front.get(f"/{key}/raw").headers["ETag"]
    again = front.http.request("GET", f"{front.url}/{key}/raw", headers={"If-None-Match": etag})

    assert (again.status, again.data) == (304, b"")


def hide(site: Pasteur, key: str, sql: str) -> None:
    """Change a paste in the database, as a moderator or its expiry does."""
    with sqlite3.connect(site.data / "pasteur.sqlite3", timeout=20) as database:
        database.execute(f"UPDATE pastes_paste SET {sql} WHERE key = ?", [key])
    database.close()


def delete(front: Nginx, paste: dict[str, Any]) -> None:
    """Delete a paste with its edit token."""
    headers = {"X-Pasteur-Token": paste["token"]}
    answer = front.http.request("DELETE", f"{front.url}/api/v1/pastes/{paste['key']}", headers=headers)
    assert answer.status == 204


#: What a moderator or the time changes in the row of a paste.
ENDS = {"deleted": "", "hidden": "state = 'hidden'", "expired": "expires_at = '2020-01-01 00:00:00'"}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("path", "headers"), [("/{key}", PAGE), ("/{key}/raw", {}), ("/api/v1/pastes/{key}", JSON)])
def test_a_paste_that_is_gone_is_gone_from_the_cache_within_a_second(
    site: Pasteur, front: Nginx, end: str, path: str, headers: dict[str, str]
) -> None:
    paste = made(front)
    path = path.format(**paste)
    at_the_start_of_a_second()
    assert front.get(path, **headers).status == 200
    if ENDS[end]:
        hide(site, paste["key"], ENDS[end])
    else:
        delete(front, paste)
    ended = time.monotonic()

    wait_until(lambda: front.get(path, **headers).status == 404, "it is gone", 5)

    assert time.monotonic() - ended < 1.3  # One second, and the time of a request.
    assert front.http.request("GET", front.url + path, headers=headers | {"If-None-Match": "*"}).status == 404


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/api/v1/pastes", {}, '"code": "too_large"'),
        ("/", JSON, '"code": "too_large"'),
        ("/a.txt", {"Accept": "*/*"}, "A request may be at most 3407872 bytes long."),
        ("/", PAGE, "<h1>The paste is too large</h1>"),
    ],
)
def test_a_body_over_the_limit_is_refused_before_it_is_sent(
    front: Nginx, path: str, headers: dict[str, str], expected: str
) -> None:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {2**30}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with connect(front) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = client.recv(4096) + client.recv(4096)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert expected.encode() in answer


def connect(front: Nginx, version: ssl.TLSVersion | None = None) -> ssl.SSLSocket:
    """Return a TLS connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    connection = socket.create_connection(("127.0.0.1", front.port), timeout=20)
    return context.wrap_socket(connection, server_hostname="localhost")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_modern_tls_is_spoken(front: Nginx, version: ssl.TLSVersion) -> None:
    with connect(front, version) as client:
        assert client.version() == version.name.replace("_", ".")


def test_browsers_speak_http_2(front: Nginx, key: str) -> None:
    command = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", f"{front.url}/{key}/raw"]

    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "2 200"


def test_plain_http_is_redirected_to_the_address_of_the_site_except_for_challenges(front: Nginx) -> None:
    plain = f"http://127.0.0.1:{front.plain_port}"
    (front.folder / ".well-known/acme-challenge").mkdir(parents=True)
    (front.folder / ".well-known/acme-challenge/token").write_text("proof")

    answer = front.http.request("GET", f"{plain}/a?b", headers={"Host": "evil.example"}, redirect=False)

    assert (answer.status, answer.headers["Location"]) == (301, f"{front.url}/a?b")
    assert front.http.request("GET", f"{plain}/.well-known/acme-challenge/token").data == b"proof"


def test_static_files_come_from_nginx_compressed_and_for_ever(front: Nginx) -> None:
    page = front.get("/", **PAGE).data.decode()
    script = page.split('src="/static/')[1].split('"')[0]
    before = len(front.lines(1))

    answer = front.http.request(
        "GET", f"{front.url}/static/{script}", headers={"Accept-Encoding": "gzip"}, decode_content=False
    )

    assert answer.status == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Type"].endswith("javascript; charset=utf-8")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert front.lines(before + 1)[-1]["cache"] == "-"  # The site was not asked.
    assert front.get("/static/../../etc/passwd").status in {400, 404}


def test_slow_clients_do_not_delay_others(front: Nginx, key: str) -> None:
    clients = [socket.create_connection(("127.0.0.1", front.port)) for _ in range(300)]
    for client in clients:
        client.sendall(b"\x16\x03")  # The first bytes of a handshake.

    started = time.monotonic()
    answers = [front.get(f"/{key}/raw").status for _ in range(5)]

    assert answers == [200] * 5
    assert time.monotonic() - started < 2
    for client in clients:
        client.close()


def test_the_log_has_one_line_for_each_request_without_keys_queries_and_tokens(front: Nginx) -> None:
    paste = made(front)
    key = paste["key"]
    paths = [
        *(f"/{key}", f"/{key}/raw", f"/{key}/raw/a.txt", f"/{key}.py", f"/raw/{key}", f"/documents/{key}", f"/?{key}"),
        *(f"/api/v1/pastes/{key}", f"/api/v1/pastes/{key}/diff", f"/api/v1/paste/{key}", f"/api/v3/gists/{key}"),
        *(f"/oembed?url={front.url}/{key}", f"/remove/{key}.{paste['token']}", "/aB3_", "/search?q=secret-words"),
    ]
    for path in paths:
        front.get(path, Referer=f"{front.url}/{key}")

    wait_until(lambda: front.lines(1)[-1]["path"] == "/search", "the last line is there")
    lines = front.lines(1)[-len(paths) :]

    text = json.dumps(lines)
    assert key not in text
    assert paste["token"] not in text
    assert "secret-words" not in text
    assert "aB3_" not in text
    logged = [line["path"] for line in lines]
    assert logged[:6] == ["/-", "/-/raw", "/-/raw", "/-", "/raw/-", "/documents/-"]
    assert logged[-1] == "/search"
    assert {"time", "address", "method", "status", "bytes", "seconds", "protocol"} < set(lines[0])


def test_the_log_is_text_by_default_and_has_whole_addresses_by_setting(site: Pasteur, front: Nginx, key: str) -> None:
    with Nginx(site, tls=False, FRONT_ACCESS_LOG="", FRONT_LOG_KEYS="on") as plain:
        assert plain.get(f"/{key}/raw?a=b").status == 200
        wait_until(lambda: plain.access_log.exists() and f"GET /{key}/raw?a=b 200" in plain.text, "the line is there")


def test_the_site_is_told_the_address_and_the_scheme_of_the_caller(front: Nginx) -> None:
    answer = front.get("/", **PAGE, **{"X-Forwarded-Proto": "http", "X-Forwarded-For": "192.0.2.9"})

    assert answer.status == 200
    assert f"curl -T file {front.url}/" in answer.data.decode()


def test_while_the_site_is_down_callers_are_told_when_to_come_back(tmp_path: Path) -> None:
    absent = Pasteur()
    with Nginx(absent, tls=False) as front:
        answer = front.get("/")
    absent.stop()

    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert b"Traceback" not in answer.data


@pytest.mark.parametrize(
    "settings",
    [
        {"PASTEUR_URL": ""},
        {"PASTEUR_URL": "paste.example.org"},
        {"PASTEUR_URL": "https://h/;evil {"},
        {"PASTEUR_MAX_BYTES": "many"},
        {"FRONT_TLS": "yes"},
        {"FRONT_ACCESS_LOG": "xml"},
        {"FRONT_LOG_KEYS": "1"},
    ],
    ids=lambda settings: "=".join(*settings.items()),
)
def test_wrong_settings_are_refused_in_one_line(settings: dict[str, str]) -> None:
    site = Pasteur()
    server = Nginx(site)
    server.settings |= settings

    done = server.configure()

    assert done.returncode == 78
    (line,) = done.stderr.splitlines()
    assert next(iter(settings)) in line
    server.stop()
    site.stop()


def test_a_site_below_a_path_is_served_and_its_keys_are_not_logged() -> None:
    site = Pasteur(PASTEUR_PROXIES="1")
    front = Nginx(site, path=PATH)
    site.settings["PASTEUR_URL"] = front.url
    with site, front:
        made_url = front.http.request("PUT", f"{front.url}/a.txt", body=b"text").data.decode().strip()
        page = front.http.request("GET", made_url, headers=PAGE)
        script = page.data.decode().split(f'src="{PATH}/static/')[1].split('"')[0]

        assert made_url.startswith(f"{front.url}/")
        assert made_url.rpartition("/")[2] not in front.text
        assert front.get(f"/static/{script}").status == 200
        assert [line["path"] for line in front.lines(3)] == [f"{PATH}/-", f"{PATH}/-", f"{PATH}/static/{script}"]
