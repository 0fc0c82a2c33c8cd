"""Hostile requests: slow to parse, sent by a page on another site, or with values that no column accepts."""

import json
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.access import api_tokens
from pastes.models import ApiToken, Paste
from pastes.search import index
from pastes.storage import checkpoint, database_errors
from tests.pastes.ciphertexts import sealed
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text
from tests.pastes.token_clients import bearer

pytestmark = pytest.mark.django_db

FORM = {"file": "text"}
FOREIGN = [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}]
URLENCODED, PLAIN = "application/x-www-form-urlencoded", "text/plain"
GIST = json.dumps({"files": {"a": {"content": "text"}}})
PINNWAND = json.dumps({"expiry": "1day", "files": [{"lexer": "text", "content": "text"}]})
PRIVATEBIN = json.dumps({**json.loads(sealed()), "meta": {"expire": "1day"}})


@pytest.mark.parametrize("headers", FOREIGN, ids=["fetch", "origin", "null"])
@pytest.mark.parametrize(
    ("path", "body", "content_type"),
    [
        ("/", {"file": "text"}, None),
        ("/", {"paste": "text"}, None),
        ("/", {"oneshot": "text"}, None),
        ("/", {"sprunge": "text"}, None),
        ("/", {"f:1": "text"}, None),
        ("/", {"content": "text"}, None),
        ("/", "sprunge=text", URLENCODED),
        ("/", "f:1=text", URLENCODED),
        ("/", "content=text", URLENCODED),
        ("/", "text", PLAIN),
        ("/", PRIVATEBIN, PLAIN),
        ("/api/", "content=text", URLENCODED),
        ("/api/v2/", "content=text", URLENCODED),
        ("/api/v3/gists", GIST, PLAIN),
        ("/api/v1/paste", PINNWAND, PLAIN),
        ("/curl", "raw=text", URLENCODED),
        ("/documents", "text", PLAIN),
        ("/api/v1/pastes/{key}/fork", "", URLENCODED),
    ],
)
def test_a_form_on_another_site_creates_nothing(
    client: Client, headers: dict[str, str], path: str, body: Any, content_type: str | None
) -> None:
    address = path.format(key=publish_text().key)
    how: dict[str, Any] = {"content_type": content_type} if content_type else {}
    own = client.post(address, body, headers={"accept": "*/*", "origin": "http://testserver"}, **how)
    assert own.status_code in {200, 201}, own.content
    count = Paste.objects.count()
    refused = client.post(address, body, headers={"accept": "*/*"} | headers, **how)
    assert b"This cannot be done from another site" in refused.content
    assert Paste.objects.count() == count


def test_pages_on_other_sites_use_the_api_with_json(client: Client) -> None:
    headers = {"origin": "https://other.example", "sec-fetch-site": "cross-site"}
    for path, body in (("/api/v1/pastes", {"files": [{"content": "a"}]}), ("/api/v3/gists", json.loads(GIST))):
        assert client.post(path, body, content_type="application/json", headers=headers).status_code == 201


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "deflate", "identity, gzip"])
def test_an_encoded_body_is_refused(client: Client, encoding: str) -> None:
    for method, path in (("post", "/"), ("put", "/a.txt"), ("post", "/api/v1/pastes"), ("post", "/documents")):
        response = getattr(client, method)(
            path, "text", content_type=PLAIN, headers={"content-encoding": encoding, "accept": "application/json"}
        )
        assert response.status_code in {400, 415}, (path, response.content)
    assert not Paste.objects.exists()
    assert client.post("/", "text", content_type=PLAIN, headers={"content-encoding": "identity"}).status_code == 201


def test_a_key_in_the_query_string_is_not_repeated(client: Client) -> None:
    paste, secret = publish_text(sealed(), encrypted=True), "7Qxk3ZjW9TfHc2VbNmPr"
    for path in (f"/{paste.key}?{secret}", f"/{paste.key}?hl=py&{secret}", f"/?{paste.key}&{secret}", f"/?{secret}"):
        response = client.get(path, headers={"accept": BROWSER_ACCEPT})
        assert secret.encode() not in response.content
        assert secret not in repr(response.headers)
    page = client.get(f"/{paste.key}?hl=py", headers={"accept": BROWSER_ACCEPT})
    assert b'value="/' + paste.key.encode() + b'?hl=py"' in page.content


def test_a_public_paste_whose_words_exceed_a_tsvector_is_stored_and_found(client: Client) -> None:
    text = "\n".join(f"{number:04}" + "\ufdfc" * 9 for number in range(1_000, 10_000)) + "\n"
    text += "\n".join(f"{number:05}" + "\ufdfc" * 9 for number in range(10_000, 17_000))
    response = client.post(
        "/api/v1/pastes",
        {"files": [{"content": text}], "visibility": "public", "title": "Rials"},
        content_type="application/json",
    )
    assert response.status_code == 201
    key = response.json()["key"]
    assert [paste.key for paste in index.search("1000").pastes] == [key]
    assert [paste.key for paste in index.search("title:rials").pastes] == [key]


def test_data_errors_are_distinguished_from_database_errors() -> None:
    class CauseError(Exception):
        sqlstate = "54000"

    error = OperationalError("string is too long for tsvector")
    assert not database_errors.is_about_data(error)
    error.__cause__ = CauseError()
    assert database_errors.is_about_data(error)
    assert database_errors.is_about_data(DataError())


def test_wrong_api_tokens_are_limited_before_the_database_is_queried(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASTEUR_LIMIT_READ = "3/hour"
    lookups: list[str] = []
    find = api_tokens.find

    def count(secret: str) -> ApiToken:
        lookups.append(secret)
        return find(secret)

    monkeypatch.setattr(api_tokens, "find", count)
    flood = Client(REMOTE_ADDR="192.0.2.77", headers={"authorization": "Bearer pasteur_wrong"})
    statuses = [flood.get("/api/v1/languages").status_code for _ in range(8)]
    assert statuses == [401] * 3 + [429] * 5
    assert len(lookups) == 3
    other, _ = bearer("read", address="192.0.2.78", limit_read="100/hour")
    assert [other.get("/api/v1/languages").status_code for _ in range(6)] == [200] * 6


@pytest.mark.parametrize(
    "spelling",
    ["ＡＤＡ", "ada", "Ada", " " * 300 + "ada", "ａda\u3000"],
    ids=["wide", "same", "case", "spaces", "mixed"],
)
def test_wrong_passwords_count_for_all_spellings_of_an_account(settings: Settings, spelling: str) -> None:
    settings.PASTEUR_LIMIT_LOGIN = "2/hour"
    name = f"ada{abs(hash(spelling)) % 10**6}"
    spelled = spelling.replace("ADA", name.upper()).replace("ada", name).replace("Ada", name.title())
    spelled = spelled.replace("ＡＤＡ", "".join(chr(ord(c) + 0xFEE0) for c in name)).replace("ａda", "ａ" + name[1:])
    network = f"198.51.{abs(hash(spelling)) % 256}"  # The addresses have a limit, too.
    for number in range(2):
        Client(REMOTE_ADDR=f"{network}.{number}").post("/admin/login/", {"username": name, "password": "x"})
    response = Client(REMOTE_ADDR=f"{network}.9").post("/admin/login/", {"username": spelled, "password": "x"})
    assert response.status_code == 429


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no such file")
def test_erased_text_is_removed_from_the_write_ahead_log() -> None:
    from pathlib import Path

    from pastes.lifecycle import writing
    from pasteur_site import tasks

    files = [Path(str(connection.settings_dict["NAME"]) + suffix) for suffix in ("", "-wal")]
    paste = publish_text("a text to be erased 8c1f")
    writing.remove(paste)
    tasks.erase_expired()
    assert not any(b"a text to be erased 8c1f" in file.read_bytes() for file in files if file.exists())
    assert checkpoint.run()
