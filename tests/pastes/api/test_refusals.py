"""POST /api/v1/pastes: every error has its code, contains its field, and stores nothing."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.rules import lifetimes
from tests.pastes.api.client import FILE, create, refused
from tests.pastes.factories import publish_text
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"{", b'{"files": [', b"{} {}", b'{"files": []}x', b"{'a': 1}", b"NaN", b'{"files": NaN}'),
        *(b"\xef\xbb\xbf{}", b"nope", b"1" * 5_000),
        *(b"[" * 100_000, b'{"a":' * 100_000, b'{"files": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
    ],
    ids=lambda body: f"{body[:12]!r}{len(body)}",
)
def test_a_body_that_is_not_json_is_refused(client: Client, body: bytes) -> None:
    with nothing_stored():
        response = create(client, body)

    assert refused(response) == (400, "bad_json", None)
    assert create(client, {"files": [FILE]}).status_code == 201


@pytest.mark.parametrize("depth", [50, 200, 400, 600, 800, 900, 950, 980])
def test_nesting_that_the_parser_accepts_is_a_wrong_type(client: Client, depth: int) -> None:
    with nothing_stored():
        response = create(client, b'{"files": ' + b"[" * depth + b"]" * depth + b"}")

    assert response.status_code in {400, 422}
    assert refused(response)[1] in {"bad_json", "wrong_type"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"files": [{"content": "a"}], "files": [{"content": "b"}]}',
        b'{"files": [{"content": "a", "content": "b"}]}',
        b'{"title": "a", "files": [{"content": "a"}], "t\\u0069tle": "b"}',
    ],
)
def test_a_duplicate_key_is_refused(client: Client, body: bytes) -> None:
    with nothing_stored():
        response = create(client, body)

    assert refused(response)[:2] == (400, "duplicate_key")
    assert refused(response)[2] in {"files", "content", "title"}


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b"1", b"true", b"1.5"])
def test_only_an_object_is_accepted(client: Client, body: bytes) -> None:
    with nothing_stored():
        response = create(client, body)

    assert response.status_code == 422
    assert refused(response)[1] in {"not_an_object", "wrong_type"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"files": "text"}, "files"),
        ({"files": {"0": FILE}}, "files"),
        ({"files": None}, "files"),
        ({"files": ["text"]}, "files.0"),
        ({"files": [FILE, {"content": 1}]}, "files.1.content"),
        ({"files": [{"content": None}]}, "files.0.content"),
        ({"files": [{"content": ["a"]}]}, "files.0.content"),
        ({"files": [{"content": "a", "name": 1}]}, "files.0.name"),
        ({"files": [{"content": "a", "language": False}]}, "files.0.language"),
        ({"title": 5}, "title"),
        ({"author": ["x"]}, "author"),
        ({"comment": {}}, "comment"),
        ({"visibility": None}, "visibility"),
        ({"expires": 3600}, "expires"),
        ({"burn": "true"}, "burn"),
        ({"burn": 1}, "burn"),
        ({"burn": None}, "burn"),
    ],
)
def test_a_field_of_the_wrong_type_is_reported(client: Client, fields: dict[str, Any], field: str) -> None:
    with nothing_stored():
        response = create(client, {"files": [FILE]} | fields)

    assert refused(response) == (422, "wrong_type", field)


@pytest.mark.parametrize(
    ("body", "field"), [({}, "files"), ({"title": "x"}, "files"), ({"files": [{"name": "x"}]}, "files.0.content")]
)
def test_a_missing_field_is_reported(client: Client, body: dict[str, Any], field: str) -> None:
    with nothing_stored():
        response = create(client, body)

    assert refused(response) == (422, "missing_field", field)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"expiry": "1h"}, "expiry"),
        ({"content": "text"}, "content"),
        ({"Title": "x"}, "Title"),
        ({"": 1}, ""),
        ({"token": "x"}, "token"),
        ({"forked_from": "0123456789"}, "forked_from"),
        ({"files": [FILE | {"filename": "x"}]}, "files.0.filename"),
        ({"x" * 5_000: 1}, "x" * 50),
        ({"a\0b": 1}, "a\0b"),
    ],
)
def test_an_unknown_field_is_refused(client: Client, fields: dict[str, Any], field: str) -> None:
    with nothing_stored():
        response = create(client, {"files": [FILE]} | fields)

    assert response.status_code == 422
    status, code, named = refused(response)
    assert (status, code, named or "") == (422, "unknown_field", field)


def test_a_field_name_with_a_lone_surrogate_is_refused(client: Client) -> None:
    with nothing_stored():
        response = create(client, b'{"files": [{"content": "a"}], "\\ud800": 1}')

    assert refused(response)[0] == 422


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "text/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"],
)
def test_only_application_json_is_accepted(client: Client, content_type: str) -> None:
    with nothing_stored():
        response = client.generic("POST", "/api/v1/pastes", json.dumps({"files": [FILE]}), content_type)

    assert refused(response)[:2] == (415, "unsupported_media_type")


def test_json_in_another_charset_is_refused(client: Client) -> None:
    body = json.dumps({"files": [FILE]}).encode("utf-16")

    with nothing_stored():
        response = client.generic("POST", "/api/v1/pastes", body, "application/json; charset=utf-16")

    assert refused(response)[:2] == (415, "charset")


def test_invalid_utf8_is_refused_with_its_offset(client: Client) -> None:
    with nothing_stored():
        response = create(client, b'{"files": [{"content": "a\xff"}]}')

    assert refused(response)[:2] == (400, "not_utf8")
    assert "25" in response.json()["error"]["message"]


@pytest.mark.parametrize("escape", [b"\\ud800", b"a\\udfffb", b"\\udc00\\ud800"])
@pytest.mark.parametrize("field", ["content", "name", "title"])
def test_a_lone_surrogate_is_refused(client: Client, escape: bytes, field: str) -> None:
    bodies = {
        "content": b'{"files": [{"content": "%s"}]}',
        "name": b'{"files": [{"content": "a", "name": "%s"}]}',
        "title": b'{"files": [{"content": "a"}], "title": "%s"}',
    }

    with nothing_stored():
        response = create(client, bodies[field] % escape)

    assert response.status_code in {400, 422}
    assert refused(response)[2] in {field, f"files.0.{field}"}


@pytest.mark.parametrize(
    "name", ["nonsense", "../../etc/passwd", "<script>alert(1)</script>", " ", "x" * 10_000, "a\0b", "a\udfff\u202eb"]
)
def test_an_unknown_language_is_refused_and_truncated(client: Client, name: str) -> None:
    with nothing_stored():
        response = create(client, {"files": [{"content": "a", "language": name}]})

    assert refused(response) == (422, "language", "files.0.language")
    message = response.json()["error"]["message"]
    assert len(message) < 120
    assert message.isprintable()


@pytest.mark.parametrize(
    "name", ["", "forever", "-1", "0", "1e9", "1000000000000", "-1d", "2020-01-01", " 1h", "1H", "1h\0", "x" * 10_000]
)
def test_an_unknown_expiry_is_refused_with_the_choices(client: Client, name: str) -> None:
    with nothing_stored():
        response = create(client, {"files": [FILE], "expires": name})

    assert refused(response) == (422, "expires", "expires")
    assert all(choice in response.json()["error"]["message"] for choice in lifetimes.LIFETIMES)
    assert len(response.content) < 500


@pytest.mark.parametrize("visibility", ["", "private", "Public", "unlisted "])
def test_an_unknown_visibility_is_refused_with_the_choices(client: Client, visibility: str) -> None:
    with nothing_stored():
        response = create(client, {"files": [FILE], "visibility": visibility})

    assert refused(response) == (422, "visibility", "visibility")
    assert "unlisted, public" in response.json()["error"]["message"]


def test_a_paste_without_files_is_empty(client: Client) -> None:
    with nothing_stored():
        response = create(client, {"files": []})

    assert refused(response) == (422, "empty", "files")


@pytest.mark.parametrize(
    ("file", "code", "field"),
    [
        ({"content": " "}, "empty", "files.1.content"),
        ({"content": "a\0"}, "nul_byte", "files.1.content"),
        ({"content": "a", "language": "x"}, "language", "files.1.language"),
        ({"content": "a", "name": "x" * 256}, "name_too_long", "files.1.name"),
        ({"content": "a", "name": "a.py"}, "duplicate_name", "files.1.name"),
    ],
)
def test_the_error_contains_the_invalid_file(client: Client, file: dict[str, Any], code: str, field: str) -> None:
    with nothing_stored():
        response = create(client, {"files": [{"content": "a", "name": "a.py"}, file]})

    assert refused(response) == (422, code, field)


def test_the_error_for_a_large_text_contains_field_and_limit(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAX_BYTES = 10

    response = create(client, {"files": [{"content": "x" * 6}, {"content": "y" * 5}]})

    assert refused(response) == (413, "too_large", "files")
    assert response.json()["error"]["limit"] == 10


def test_fifty_files_are_accepted_and_one_more_is_refused(client: Client) -> None:
    assert create(client, {"files": [FILE] * 50}).status_code == 201

    with nothing_stored():
        response = create(client, {"files": [FILE] * 51})

    assert refused(response) == (422, "too_many_files", "files")


@pytest.mark.parametrize(("field", "most"), [("title", 200), ("author", 100), ("comment", 2_000)])
def test_text_fields_have_a_limit_in_characters(client: Client, field: str, most: int) -> None:
    assert create(client, {"files": [FILE], field: "é" * most}).status_code == 201

    with nothing_stored():
        response = create(client, {"files": [FILE], field: "é" * (most + 1)})

    assert refused(response) == (422, "too_long", field)
    assert str(most) in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("query", "headers", "field"),
    [
        ("expires=1d", {}, "expires"),
        ("burn", {}, "burn"),
        ("x" * 80 + "=1", {}, "x" * 50),
        ("", {"x-pasteur-expires": "1d"}, "X-Pasteur-Expires"),
        ("", {"x-pasteur-token": "x", "x-pasteur-max-views": "1"}, "X-Pasteur-Max-Views"),
    ],
)
def test_an_option_in_query_or_header_is_refused(
    client: Client, query: str, headers: dict[str, str], field: str
) -> None:
    body = json.dumps({"files": [FILE]})

    with nothing_stored():
        response = client.post(f"/api/v1/pastes?{query}", body, content_type="application/json", headers=headers)

    assert refused(response) == (422, "unknown_field", field)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("pastes?befor=5", "befor"),
        ("pastes?limit=5&Limit=5", "Limit"),
        ("search?q=a&page=2", "page"),
        ("pastes/{key}?raw", "raw"),
        ("pastes/{key}/revisions?after=1", "after"),
        ("pastes/{key}/revisions/1?limit=1", "limit"),
        ("pastes/{key}/diff?from=1", "from"),
        ("pastes/{key}/mirror?x=", "x"),
        ("languages?q=py", "q"),
        ("limits?x=1", "x"),
    ],
)
def test_an_unknown_parameter_is_refused(client: Client, path: str, field: str) -> None:
    key = publish_text().key

    assert refused(client.get(f"/api/v1/{path.format(key=key)}")) == (422, "unknown_field", field)


@pytest.mark.parametrize("path", ["pastes?limit=5&limit=6", "search?q=a&q=b"])
def test_a_repeated_parameter_is_refused(client: Client, path: str) -> None:
    assert refused(client.get(f"/api/v1/{path}"))[:2] == (422, "ambiguous")


def test_known_parameters_are_accepted(client: Client) -> None:
    for path in ("pastes?limit=5&before=9", "search?q=a+b&limit=5", "pastes?", "limits?&"):
        assert client.get(f"/api/v1/{path}", headers={"x-pasteur-token": "any"}).status_code == 200


@pytest.mark.parametrize(
    ("query", "field", "limit"),
    [
        ("limit=101", "limit", 100),
        ("limit=0", "limit", 1),
        ("limit=-5", "limit", 1),
        ("before=0", "before", 1),
        (f"before={2**63}", "before", 2**63 - 1),
    ],
)
@pytest.mark.parametrize("path", ["pastes?", "search?q=a&", "pastes/{key}/revisions?"])
def test_the_error_for_a_number_out_of_range_contains_field_and_limit(
    client: Client, path: str, query: str, field: str, limit: int
) -> None:
    response = client.get(f"/api/v1/{path.format(key=publish_text().key)}{query}")

    assert refused(response) == (422, "out_of_range", field)
    assert response.json()["error"]["limit"] == limit


@pytest.mark.parametrize(("query", "code"), [("limit=many", "wrong_type"), ("limit=" + "9" * 5_000, "out_of_range")])
def test_the_error_for_an_invalid_number_contains_the_field(client: Client, query: str, code: str) -> None:
    assert refused(client.get(f"/api/v1/pastes?{query}")) == (422, code, "limit")


def test_the_errors_for_a_new_paste_contain_their_limits(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAX_BYTES = 100
    bodies: list[tuple[dict[str, Any], int]] = [
        ({"files": [FILE] * 51}, 50),
        ({"files": [{"content": "x" * 101}]}, 100),
        ({"files": [FILE | {"name": "x" * 256}]}, 255),
        ({"title": "x" * 201}, 200),
        ({"author": "x" * 101}, 100),
        ({"comment": "x" * 2_001}, 2_000),
    ]

    assert [create(client, {"files": [FILE]} | body).json()["error"]["limit"] for body, _ in bodies] == [
        limit for _, limit in bodies
    ]
