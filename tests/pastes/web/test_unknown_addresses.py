"""Unknown URLs: a quick 404 in the caller's format, without a query."""

import time

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File
from pastes.rules import keys
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db

NO_KEYS = [
    *("-x", "..", "..%2f..%2fetc%2fpasswd", "%00", "abcdefgh%00jk", "abcdefghjk%0a", "%20", "abc", "a" * 7, "a" * 33),
    *("ABCDEFGHJK", "abcdefghjI", "aaaaaaaaai", "aaaaaaaaal", "aaaaaaaaao", "aaaaaaaaau", "sch%c3%b6nschoen"),
    *("%ed%a0%80", "%ff%fe", "%F0%9F%90%99" * 10, "a" * 10_000, "%2e%2e", "favicon.ico", "robots.txt", "wp-login.php"),
]


@pytest.mark.parametrize("key", NO_KEYS, ids=lambda key: key[:20])
@pytest.mark.parametrize("rest", ["", "/raw", "/raw/a.txt", "/download/a.txt", "/burn", "?raw"])
def test_an_impossible_key_causes_no_query(
    client: Client, key: str, rest: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get("/aaa")  # Warm up.
    # A possible code of the original Pasteur causes one indexed query.
    queries = 3 if keys.is_valid_old_code(key) and rest in {"", "?raw"} else 0

    seconds = []
    with django_assert_num_queries(queries):
        for _ in range(3):
            started = time.monotonic()
            response = client.get(f"/{key}{rest}")
            seconds.append(time.monotonic() - started)
            assert response.status_code == 404

    assert min(seconds) <= 0.05


@pytest.mark.parametrize("key", NO_KEYS, ids=lambda key: key[:20])
def test_an_impossible_key_does_not_burn(
    client: Client, key: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = client.post(f"/{key}/burn")

    assert response.status_code == 404


def test_a_key_in_uppercase_is_a_different_url(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("x")]))

    assert client.get(f"/{paste.key.upper()}").status_code == (404 if paste.key.upper() != paste.key else 200)
    assert client.get(f"/{paste.key}/").status_code == 404


@pytest.mark.parametrize(
    "path", ["/0123456789", "/nothing.txt", "/a/b/c", "/0123456789/nothing", "/admin", "/static/x"]
)
def test_404_has_the_callers_format(client: Client, path: str) -> None:
    page, line = client.get(path, headers={"accept": BROWSER_ACCEPT}), client.get(path)

    assert page.status_code == line.status_code == 404
    assert page["Content-Type"].startswith("text/html")
    assert "There is nothing at this address" in page.content.decode()
    assert line["Content-Type"].startswith("text/plain")
    assert line.content.decode().count("\n") == 1


@pytest.mark.parametrize("path", ["/<script>alert(1)</script>", "/%3Cscript%3Ealert(1)", '/"onload="x'])
def test_404_does_not_repeat_the_url(client: Client, path: str) -> None:
    response = client.get(path, headers={"accept": BROWSER_ACCEPT})

    assert response.status_code == 404
    assert b"alert(1)" not in response.content
    assert b"onload" not in response.content


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("delete", "/"),
        ("patch", "/"),
        ("options", "/"),
        ("post", "/recent"),
        ("delete", "/recent"),
        ("post", "/healthz"),
        ("post", "/some-name.txt"),
        ("patch", "/0123456789"),
        ("get", "/0123456789/burn"),
        ("put", "/0123456789/burn"),
        ("put", "/0123456789/raw"),
        ("trace", "/"),
    ],
)
def test_an_unsupported_method_is_refused_with_a_message(client: Client, method: str, path: str) -> None:
    with nothing_stored():
        page = client.generic(method.upper(), path, headers={"accept": BROWSER_ACCEPT})
        line = client.generic(method.upper(), path)

    assert page.status_code == line.status_code == 405
    assert page["Allow"]
    assert page["Content-Type"].startswith("text/html")
    assert line["Content-Type"].startswith("text/plain")
    assert line.content.decode().count("\n") == 1


def test_a_generated_key_is_valid_in_a_url(client: Client) -> None:
    drawn = {keys.draw() for _ in range(1_000)}

    assert len(drawn) == 1_000
    assert all(len(key) == 10 and set(key) <= set(keys.ALPHABET) for key in drawn)
    assert len(set("".join(drawn))) == len(keys.ALPHABET) == 32
    assert not set(keys.ALPHABET) & set("ilouABCDEFGHIJKLMNOPQRSTUVWXYZ")


@pytest.mark.parametrize("name", ["a.py", "é ü.txt", "a%2fb", "100% +&?#;=@:~'.txt", "[x]", '"', "☃", "%s"])
def test_the_raw_path_of_a_file_resolves_to_it(name: str) -> None:
    assert File(name=name).raw_path("0123456789") == reverse("raw_file", args=["0123456789", name])
