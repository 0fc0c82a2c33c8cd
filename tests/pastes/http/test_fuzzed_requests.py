"""Random requests: every response is a documented one, and refused requests store nothing."""

import json
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pastes.rules import keys
from pastes.rules.lifetimes import LIFETIMES
from tests.pastes import multipart
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.multipart import Part
from tests.pastes.row_counts import count_rows
from tests.pastes.wsgi_client import send

pytestmark = [pytest.mark.django_db, pytest.mark.database]

any_request = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

WORDS = st.text(max_size=20) | st.sampled_from(
    ["", "a", "python", "public", "1h", "never", "\0", "a\nb", "..", "\ud800", "on", "x" * 300, "\ufeff", "/", "<b>"]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
FILES = st.lists(
    st.fixed_dictionaries({"content": WORDS | VALUES}, optional={"name": WORDS | VALUES, "language": WORDS | VALUES}),
    max_size=3,
)
PASTES = st.fixed_dictionaries(
    {"files": FILES | VALUES},
    optional={
        "title": WORDS | VALUES,
        "author": WORDS | VALUES,
        "comment": WORDS | VALUES,
        "visibility": st.sampled_from(["public", "unlisted"]) | VALUES,
        "expires": st.sampled_from(list(LIFETIMES)) | VALUES,
        "burn": st.booleans() | VALUES,
        "other": VALUES,
    },
)
ACCEPTS = st.sampled_from(
    [
        "",
        "*/*",
        BROWSER_ACCEPT,
        "application/json",
        "\u00ff",
        "text/html;q=0",
        "text/html; q*=nonsense''x",
        "a; b*0=x; b*=''y",
    ]
)


def assert_ours(before: dict[str, int], response: Any) -> None:
    """Fail unless the response is an intended one, and a refusal has stored nothing."""
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        assert count_rows() == before
        assert response.content


@any_request
@given(body=PASTES | VALUES, accept=ACCEPTS)
def test_any_json_creates_a_paste_or_is_refused(client: Client, body: Any, accept: str) -> None:
    before = count_rows()

    response = client.generic(
        "POST", "/api/v1/pastes", json.dumps(body), "application/json", headers={"accept": accept}
    )

    assert_ours(before, response)
    assert response.status_code == 201 or response.json()["error"]["code"]


@any_request
@given(body=st.binary(max_size=60), accept=ACCEPTS)
def test_any_bytes_to_the_api_are_refused(client: Client, body: bytes, accept: str) -> None:
    before = count_rows()

    response = client.generic("POST", "/api/v1/pastes", body, "application/json", headers={"accept": accept})

    assert_ours(before, response)
    assert response.json()["error"]["code"]


NAMES = st.sampled_from(
    [
        *(
            "paste",
            "PASTE",
            "user",
            "comment",
            "hl",
            "ln",
            "raw",
            "encrypted",
            "title",
            "author",
            "visibility",
            "expires",
        ),
        *("burn", "add_file", "files-TOTAL_FORMS", "files-INITIAL_FORMS", "files-0-content", "files-0-name"),
        *(
            "files-0-language",
            "files-0-upload",
            "files-1-content",
            "files-1-upload",
            "files-49-content",
            "files-x-name",
        ),
    ]
)
PARTS = st.builds(
    Part,
    NAMES | st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"'), max_size=6),
    st.binary(max_size=30) | st.sampled_from([b"1", b"2", b"x", b"on", b"never", b"unlisted", b"\0", b"\xff"]),
    st.none() | st.sampled_from(["", "a.txt", "../x", "a\\b", "x" * 300, "é", "&amp;#0;", ".", " "]),
    st.sampled_from(
        [
            [],
            ["Content-Type: text/plain; charset=utf-16"],
            ["Content-Transfer-Encoding: base64"],
            ["Content-Transfer-Encoding: x"],
            ["Content-Type: multipart/mixed; boundary=b"],
            ["X: \x7f"],
        ]
    ),
)
WHOLE = [
    Part("files-TOTAL_FORMS", b"2"),
    Part("files-INITIAL_FORMS", b"0"),
    Part("visibility", b"public"),
    Part("expires", b"1h"),
]


@any_request
@given(parts=st.lists(PARTS, max_size=6), whole=st.booleans(), accept=ACCEPTS)
def test_any_form_creates_a_paste_or_is_refused(client: Client, parts: list[Part], whole: bool, accept: str) -> None:
    before = count_rows()
    body = multipart.body(*(WHOLE if whole else []), *parts)

    response = client.generic("POST", "/", body, multipart.CONTENT_TYPE, headers={"accept": accept})

    assert_ours(before, response)


TYPES = st.sampled_from(
    [
        *(
            "",
            "text/plain",
            "text/plain; charset=utf-8",
            "text/plain; charset",
            "application/json",
            "multipart/form-data",
        ),
        *(
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\u00e9",
            "multipart/form-data; boundary=" + "x" * 500,
        ),
        *(
            "application/x-www-form-urlencoded; charset=utf-16",
            "TEXT/PLAIN",
            ";",
            "text/plain; charset=\u00e9",
            "multipart/x",
        ),
        *(
            "text/plain;charset*=utf-8''x",
            'text/plain; charset="',
            "text/plain; b*=nonsense''x",
            "text/plain; b*0=x; b*=utf-8''y",
        ),
    ]
)
PATHS = st.lists(
    st.sampled_from(
        ["/", "recent", "healthz", "api", "v1", "pastes", "raw", "download", "burn", "admin", "0123456789", "static"]
    )
    | st.text(keys.ALPHABET, min_size=8, max_size=12)
    | st.binary(max_size=8).map(quote_from_bytes),
    max_size=5,
).map(lambda parts: "/" + "/".join(parts))
QUERIES = st.sampled_from(
    [
        "0123456789",
        "",
        "raw",
        "raw=false",
        "before=1",
        "before=%00",
        "q=%ff",
        "raw=%00",
        "&&&=",
        "next=//x",
        "%",
        "hl=%zz",
    ]
)


@any_request
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get"]),
    path=PATHS,
    query=QUERIES,
    content_type=TYPES,
    body=st.binary(max_size=30),
    accept=ACCEPTS,
)
def test_any_request_gets_a_response(
    method: str, path: str, query: str, content_type: str, body: bytes, accept: str
) -> None:
    before = count_rows()

    response = send(method, f"{path}?{query}", body, content_type=content_type, accept=accept)

    assert response.status_code < 500
    if response.status_code >= 400 or method in {"GET", "HEAD"}:
        assert count_rows() == before
