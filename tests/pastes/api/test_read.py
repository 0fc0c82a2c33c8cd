"""GET /api/v1/pastes/{key}."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from gitsync.sync.drain import drain
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests import repository

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_a_paste_is_read_with_all_files_in_order(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("b", "z.py"), NewFile("a", "a.rs")], title="T", author="A", comment="C"))

    response = client.get(f"/api/v1/pastes/{paste.key}")

    body = response.json()
    assert (response.status_code, response["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert (body["key"], body["title"], body["author"], body["comment"]) == (paste.key, "T", "A", "C")
    assert [(file["name"], file["language"], file["content"]) for file in body["files"]] == [
        ("z.py", "python", "b"),
        ("a.rs", "rust", "a"),
    ]
    for file in body["files"]:
        assert client.get(file["raw_url"].removeprefix("http://testserver")).content.decode() == file["content"]


def test_a_read_returns_the_current_revision(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("old", "a.txt")]))
    writing.revise(paste, [NewFile("new", "b.txt")])

    body = client.get(f"/api/v1/pastes/{paste.key}").json()

    assert (body["revision"], [file["content"] for file in body["files"]]) == (2, ["new"])


def test_a_read_returns_the_state_of_the_mirror(client: Client, remote: Path) -> None:
    kept = writing.publish(Draft([NewFile("x")]))
    passing = writing.publish(Draft([NewFile("x")], lifetime=timedelta(hours=1)))
    before = client.get(f"/api/v1/pastes/{kept.key}").json()["mirror"]

    drain()

    after = client.get(f"/api/v1/pastes/{kept.key}").json()["mirror"]
    assert before == {"state": "waiting", "commit": None}
    assert after == {"state": "mirrored", "commit": repository.tip(remote)}
    assert client.get(f"/api/v1/pastes/{passing.key}").json()["mirror"] == {"state": "none", "commit": None}


def test_reading_a_burning_paste_returns_no_files_and_does_not_burn_it(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("secret")], burn=True))

    for _ in range(3):
        response = client.get(f"/api/v1/pastes/{paste.key}")
        assert (response.status_code, response.json()["files"]) == (200, [])
        assert b"secret" not in response.content

    assert Paste.objects.readable().filter(pk=paste.pk).exists()


def test_a_removed_paste_is_404(client: Client) -> None:
    hidden, removed = (writing.publish(Draft([NewFile("x")])) for _ in range(2))
    burned = writing.publish(Draft([NewFile("x")], burn=True))
    writing.hide(hidden)
    writing.remove(removed)
    writing.burn(burned)

    for key in (hidden.key, removed.key, burned.key, "zzzzzzzzzz"):
        response = client.get(f"/api/v1/pastes/{key}")
        assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "key",
    [
        *("%00", "abcdefgh%00", "abcdefghij%0a", "%20abcdefgh", "-x", "..%2f..%2fetc", "ABCDEFGHJK", "iloilolilo"),
        *("abc", "a" * 33, "x" * 10_000, "%ed%a0%80", "sch%c3%b6n"),
    ],
)
def test_an_impossible_key_costs_no_query(
    client: Client, key: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = client.get(f"/api/v1/pastes/{key}")

    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["post", "trace"])
def test_the_url_of_a_paste_does_not_create_one(client: Client, method: str) -> None:
    paste = writing.publish(Draft([NewFile("x")]))

    response = getattr(client, method)(f"/api/v1/pastes/{paste.key}")

    assert response.status_code == 405
    assert set(response["Allow"].replace(" ", "").split(",")) >= {"GET"}
    assert response.json()["error"]["code"] == "method_not_allowed"
    assert Paste.objects.readable().filter(pk=paste.pk).exists()


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/pastes/", "/api/v9/pastes"])
def test_an_unknown_url_is_404_in_json(client: Client, path: str) -> None:
    response = client.get(path, headers={"accept": "text/html"})

    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


def test_urls_are_below_the_configured_one(client: Client, settings: Settings) -> None:
    settings.PASTEUR_URL = "https://paste.example.org"
    paste = writing.publish(Draft([NewFile("x", "schön & gut.txt")]))

    body = client.get(f"/api/v1/pastes/{paste.key}", headers={"x-forwarded-host": "evil.example"}).json()

    assert body["url"] == f"https://paste.example.org/{paste.key}"
    assert body["files"][0]["raw_url"].startswith(f"https://paste.example.org/{paste.key}/raw/")


def test_the_number_of_queries_does_not_grow_with_files_and_pastes(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    paste = writing.publish(Draft([NewFile(f"text {number}") for number in range(50)]))

    with django_assert_max_num_queries(2):
        response = client.get(f"/api/v1/pastes/{paste.key}")

    assert len(response.json()["files"]) == 50
