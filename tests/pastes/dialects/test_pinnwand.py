"""pinnwand's API: JSON and forms in, the URLs of the paste and of its removal out."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.models import File, Paste
from tests.pastes import multipart
from tests.pastes.factories import publish_text
from tests.pastes.multipart import Part
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db

SPAM = {"lexer": "python", "content": "eggs\r\n", "name": "spam"}


def send(client: Client, paste: Any) -> Any:
    """Send a paste as JSON."""
    return client.post("/api/v1/paste", paste, content_type="application/json")


def removal_path(client: Client) -> str:
    """Create a paste; return the path that deletes it."""
    answer = send(client, {"expiry": "1day", "files": [SPAM]}).json()
    return str(answer["removal"]).removeprefix("http://testserver")


def test_several_files_become_one_paste_and_are_returned(client: Client) -> None:
    ham = {"lexer": "text", "content": "h\u00e4m", "name": None}

    answer = send(client, {"expiry": "1week", "files": [SPAM, ham], "long": 1})

    paste = Paste.objects.get()
    assert answer.status_code == 200
    assert set(answer.json()) == {"link", "removal"}
    assert answer.json()["link"] == f"http://testserver/{paste.key}"
    assert paste.expires_at
    assert paste.expires_at - paste.created_at == timedelta(weeks=1)
    read = client.get(f"/api/v1/paste/{paste.key}")
    assert [file["name"] for file in read.json()["files"]] == ["spam", "paste.txt"]
    assert [file["content"] for file in read.json()["files"]] == ["eggs\r\n", "häm"]
    assert [file["lexer"] for file in read.json()["files"]] == ["python", "text"]


@pytest.mark.parametrize(
    ("lexer", "name", "language"),
    [
        ("autodetect", "a.rs", "rust"),
        ("autodetect", "", "plaintext"),
        ("pycon", "", "python-repl"),
        ("python3", "a.rs", "python"),
    ],
)
def test_its_lexers_are_mapped_to_languages(client: Client, lexer: str, name: str, language: str) -> None:
    send(client, {"expiry": "1day", "files": [{"lexer": lexer, "content": "x", "name": name}]})

    assert File.objects.get().language == language


def test_every_listed_lexer_and_expiry_is_accepted(client: Client) -> None:
    lexers = client.get("/api/v1/lexer").json()
    expiries = client.get("/api/v1/expiry").json()

    assert (lexers["python"], lexers["autodetect"]) == ("Python", "Autodetect")
    assert (expiries["1day"], expiries["1week"]) == ("1 day, 0:00:00", "7 days, 0:00:00")
    for expiry in expiries:
        assert send(client, {"expiry": expiry, "files": [SPAM]}).status_code == 200
    files = [{"lexer": lexer, "content": "x"} for lexer in lexers]
    for start in range(0, len(files), 40):
        assert send(client, {"expiry": "1day", "files": files[start : start + 40]}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"files": [SPAM]}, "requires expiry"),
        ({"expiry": "1day"}, "requires files"),
        ({"expiry": "1day", "files": []}, "no text"),
        ({"expiry": "1day", "files": {}}, "files must be a list"),
        ({"expiry": "1day", "files": ["x"]}, "A file must be an object"),
        ({"expiry": "1day", "files": [{"lexer": "text"}]}, "requires content"),
        ({"expiry": "1day", "files": [{"content": "x"}]}, "requires lexer"),
        ({"expiry": "1day", "files": [SPAM | {"content": 1}]}, "content must be a string"),
        ({"expiry": "1day", "files": [SPAM | {"lexer": "<b>"}]}, "Invalid lexer '<b>' given"),
        ({"expiry": "1day", "files": [SPAM | {"nam": "x"}]}, "A file has an unknown field: 'nam'"),
        ({"expiry": "1day", "files": [SPAM | {"name": "x" * 300}]}, "at most 255 bytes"),
        ({"expiry": "1day", "files": [SPAM, SPAM]}, "Two files are named “spam”"),
        ({"expiry": "1e9", "files": [SPAM]}, "expiry must be one of"),
        ({"expiry": 7, "files": [SPAM]}, "expiry must be a string"),
        ({"expiry": "1day", "files": [SPAM], "expires": "1day"}, "The paste has an unknown field: 'expires'"),
        ("[]", "must be a JSON object"),
        ('{"expiry": "1day", "expiry": "1week", "files": []}', "is repeated"),
        ('{"expiry": "1day"', "not JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_an_invalid_request_is_400_with_a_message(client: Client, sent: Any, message: str) -> None:
    with nothing_stored():
        response = send(client, sent)

    assert response.status_code == 400
    assert response.json() == {"state": "error", "code": 400, "message": response.json()["message"]}
    assert message in response.json()["message"]


def test_a_removed_or_burning_paste_is_404(client: Client) -> None:
    hidden, burning = publish_text("secret"), publish_text("secret", burn=True)
    writing.hide(hidden)

    for name in (hidden.key, burning.key, "nothing", "%00", "x" * 5_000):
        response = client.get(f"/api/v1/paste/{name}")
        assert (response.status_code, response.json()["code"]) == (404, 404)
    assert Paste.objects.readable().filter(pk=burning.pk).exists()


def test_the_response_to_a_form_contains_three_urls(client: Client) -> None:
    parts = [Part("raw", b"x = 1\r\n"), Part("lexer", b"python"), Part("expiry", b"1week")]

    response = client.post("/curl", multipart.body(*parts), content_type=multipart.CONTENT_TYPE)

    paste = Paste.objects.get()
    url = f"http://testserver/{paste.key}"
    lines = response.content.decode().splitlines()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert lines[:2] == [f"Paste URL:   {url}", f"Raw URL:     {url}/raw"]
    assert lines[2] == f"Removal URL: http://testserver/remove/{paste.key}.{response['X-Pasteur-Token']}"
    assert client.get(f"/{paste.key}/raw").content == b"x = 1\r\n"
    assert File.objects.get().language == "python"


@pytest.mark.parametrize("fields", [{}, {"raw": ""}, {"raw": "x", "lexer": "no"}, {"raw": "x", "expiry": "no"}])
def test_an_invalid_form_is_400_with_a_one_line_message(client: Client, fields: dict[str, str]) -> None:
    with nothing_stored():
        response = client.post("/curl", fields)

    assert (response.status_code, response.content.count(b"\n")) == (400, 1)


def test_the_removal_url_deletes_once(client: Client) -> None:
    path = removal_path(client)

    first, again = client.get(path), client.get(path)

    assert (first.status_code, first["Location"]) == (302, "/")
    assert again.status_code == 404
    assert not File.objects.exists()


@pytest.mark.parametrize(
    ("method", "headers"),
    [("HEAD", {}), ("GET", {"sec-purpose": "prefetch;prerender"}), ("GET", {"purpose": "prefetch"})],
)
def test_prefetching_the_removal_url_deletes_nothing(client: Client, method: str, headers: dict[str, str]) -> None:
    path = removal_path(client)

    assert client.generic(method, path, headers=headers).status_code == 302

    assert Paste.objects.readable().count() == 1
    assert client.post(path).status_code == 405


def test_a_wrong_token_deletes_nothing(client: Client) -> None:
    path, other = removal_path(client), removal_path(client)
    key, _, token = path.rpartition("/")[2].partition(".")

    for wrong in (f"{key}.", key, f"{key}.{token[:-1]}", f"{key}.{other.partition('.')[2]}", f".{token}", "%00.x"):
        assert client.get(f"/remove/{wrong}").status_code == 404

    assert Paste.objects.readable().count() == 2


def test_guesses_of_removal_urls_are_counted(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.PASTEUR_LIMIT_DELETE = tmp_path, "3/hour"
    paths = [removal_path(client) for _ in range(4)]
    far, near = Client(REMOTE_ADDR="203.0.113.5"), Client(REMOTE_ADDR="203.0.113.7")

    wrong = [far.get(f"{paths[0]}{number}").status_code for number in range(3)]

    assert wrong == [404, 404, 404]
    assert far.get(paths[0]).status_code == 429
    assert [near.get(path).status_code for path in paths] == [302] * 4


def test_a_file_can_be_called_curl(client: Client) -> None:
    assert client.put("/curl", b"text", content_type="").status_code == 201
