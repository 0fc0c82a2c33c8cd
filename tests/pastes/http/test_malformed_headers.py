"""Headers with malformed parameters, and truncated bodies: refused, but never with a 500."""

import io
import json

import pytest

from tests.pastes import multipart
from tests.pastes.row_counts import nothing_stored
from tests.pastes.wsgi_client import send

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NONSENSE = [
    "b*=nonsense''x",
    "b*=undefined''x",
    "b*=idna''%ff",
    "b*0=x; b*=utf-8''y",
    "b*=ascii\0''x",
    "b*" + "9" * 5_000 + "=x",
]
KEY = "0123456789"


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x", "a"])
def test_a_malformed_content_type_is_refused(kind: str, nonsense: str) -> None:
    content_type = f"{kind}; {nonsense}"
    with nothing_stored():
        for method, path in [("POST", "/"), ("PUT", "/a.txt"), ("POST", "/api/v1/pastes")]:
            assert send(method, path, b"text", content_type=content_type).status_code in {400, 415}, path
        for method, path in [("POST", "/admin/login/"), ("POST", f"/{KEY}/report"), ("DELETE", f"/{KEY}")]:
            assert 400 <= send(method, path, b"text", content_type=content_type).status_code < 500, path
        for path in ("/", "/recent", "/healthz", "/help.txt", "/api/v1/limits"):
            assert send("GET", path, content_type=content_type).status_code == 200, path


def test_the_refusal_has_the_callers_format() -> None:
    content_type = f"text/plain; {NONSENSE[0]}"

    text = send("POST", "/", b"text", content_type=content_type)
    api = send("POST", "/api/v1/pastes", b"{}", content_type=content_type)

    assert text.content.count(b"\n") == 1
    assert text.headers["Content-Type"].startswith("text/plain")
    assert json.loads(api.content)["error"]["code"] == "unsupported_media_type"


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("path", ["/", f"/?{KEY}", f"/{KEY}", "/api/v1/limits", f"/?pasteid={KEY}&deletetoken=x"])
def test_a_malformed_accept_header_is_ignored(path: str, nonsense: str) -> None:
    for method in ("GET", "HEAD"):
        for accept in (f"text/html; {nonsense}", f"application/json; q=1; {nonsense}, text/html"):
            assert send(method, path, accept=accept).status_code < 500


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("field", ["name", "filename"])
def test_a_malformed_part_is_refused(field: str, nonsense: str) -> None:
    head = f'Content-Disposition: form-data; name="content"; {nonsense.replace("b*", f"{field}*")}'
    body = f"--{multipart.BOUNDARY}\r\n{head}\r\n\r\ntext\r\n--{multipart.BOUNDARY}--\r\n".encode()
    with nothing_stored():
        for path in ("/", "/admin/login/", "/api/v1/pastes", f"/{KEY}/report"):
            answer = send("POST", path, body, content_type=multipart.CONTENT_TYPE)
            assert 400 <= answer.status_code < 500 or (path == "/admin/login/" and answer.status_code == 200), path


class Stalled(io.RawIOBase):
    """A body whose bytes never arrive."""

    def read(self, size: int | None = -1) -> bytes:
        raise TimeoutError


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", ""),
        ("/", "text/plain"),
        ("/", multipart.CONTENT_TYPE),
        ("/", "application/x-www-form-urlencoded"),
        ("/api/v1/pastes", "application/json"),
    ],
)
def test_a_body_that_stalls_is_incomplete(path: str, content_type: str) -> None:
    with nothing_stored():
        answer = send("POST", path, b"x" * 10, stream=Stalled(), content_type=content_type)

    assert answer.status_code == 400
    assert b"shorter than its Content-Length" in answer.content
