"""Raw content and downloads of files."""

import pytest
from django.test import Client

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste, blob_oid

pytestmark = pytest.mark.django_db


@pytest.fixture
def paste() -> Paste:
    """Return a paste with two files."""
    return writing.publish(Draft([NewFile("<b>one</b>", "one.html"), NewFile("two", "two & 2.svg")]))


def test_the_default_is_the_first_file(client: Client, paste: Paste) -> None:
    assert client.get(f"/{paste.key}/raw").content == b"<b>one</b>"
    assert client.get(f"/{paste.key}?raw").content == b"<b>one</b>"


def test_each_file_has_its_url(client: Client, paste: Paste) -> None:
    assert client.get(f"/{paste.key}/raw/one.html").content == b"<b>one</b>"
    assert client.get(f"/{paste.key}/raw/two%20&%202.svg").content == b"two"


def test_pages_on_other_sites_can_read_raw_text_without_cookies(client: Client, paste: Paste) -> None:
    origin = {"origin": "https://example.org"}

    first = client.get(f"/{paste.key}/raw", headers=origin)
    again = client.get(f"/{paste.key}/raw", headers=origin | {"if-none-match": first["ETag"]})

    for response, status in ((first, 200), (again, 304)):
        assert response.status_code == status
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response


@pytest.mark.parametrize(
    "name", ["three.txt", "ONE.HTML", "%00", "..%2fone.html", "one.html%00", "x" * 5_000, "%ed%a0%80"]
)
def test_an_unknown_file_name_is_404(client: Client, paste: Paste, name: str) -> None:
    assert client.get(f"/{paste.key}/raw/{name}").status_code == 404
    assert client.get(f"/{paste.key}/download/{name}").status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "<!doctype html><script>alert(1)</script>",
        "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "<math><mtext></mtext></math>",
        '<!--#exec cmd="id"-->',
        "%PDF-1.4",
    ],
)
@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.mml", "x.shtml", "x.pdf", "x.js", "x.xml"])
def test_any_content_is_served_as_plain_text(client: Client, name: str, text: str) -> None:
    paste = writing.publish(Draft([NewFile(text, name)]))

    for path in (f"/{paste.key}/raw", f"/{paste.key}?raw", f"/{paste.key}/raw/{name}", f"/{paste.key}/download/{name}"):
        query = f"{'&' if '?' in path else '?'}type=text/html&download=0&content-type=text/html"
        response = client.get(path + query, headers={"accept": "text/html,image/svg+xml"})
        assert response.status_code == 200
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert response.content == text.encode()


def test_a_download_is_an_attachment_and_raw_text_is_not(client: Client, paste: Paste) -> None:
    assert client.get(f"/{paste.key}/download/one.html")["Content-Disposition"].startswith("attachment; ")
    assert "Content-Disposition" not in client.get(f"/{paste.key}/raw/one.html")


def test_head_has_the_headers_and_no_text(client: Client, paste: Paste) -> None:
    for path in ("raw", "raw/one.html", "download/one.html"):
        got, head = client.get(f"/{paste.key}/{path}"), client.head(f"/{paste.key}/{path}")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers == got.headers


@pytest.mark.parametrize("method", ["post", "delete", "patch", "put"])
@pytest.mark.parametrize("path", ["raw", "raw/one.html", "download/one.html"])
def test_raw_text_allows_only_get_and_head(client: Client, paste: Paste, path: str, method: str) -> None:
    response = getattr(client, method)(f"/{paste.key}/{path}")

    assert response.status_code == 405
    assert client.get(f"/{paste.key}/raw").content == b"<b>one</b>"


def test_an_unchanged_text_is_not_sent_again(client: Client, paste: Paste) -> None:
    tag = client.get(f"/{paste.key}/raw")["ETag"]

    again = client.get(f"/{paste.key}/raw", headers={"if-none-match": tag})
    weak = client.get(f"/{paste.key}/raw", headers={"if-none-match": f'"other", W/{tag}'})
    other = client.get(f"/{paste.key}/raw", headers={"if-none-match": '"other"'})

    assert tag == f'"{blob_oid(b"<b>one</b>")}"'
    assert [(answer.status_code, answer.content) for answer in (again, weak)] == [(304, b"")] * 2
    assert (again["ETag"], other.status_code) == (tag, 200)


def test_an_edit_changes_the_etag(client: Client, paste: Paste) -> None:
    tag = client.get(f"/{paste.key}/raw")["ETag"]
    writing.revise(paste, [NewFile("new")])

    response = client.get(f"/{paste.key}/raw", headers={"if-none-match": tag})

    assert (response.status_code, response.content) == (200, b"new")


@pytest.mark.parametrize("take", [writing.hide, writing.remove])
def test_a_paste_that_was_taken_down_is_never_304(client: Client, paste: Paste, take: object) -> None:
    tag = client.get(f"/{paste.key}/raw")["ETag"]
    assert callable(take)
    take(paste)

    for condition in (tag, "*", f"W/{tag}"):
        assert client.get(f"/{paste.key}/raw", headers={"if-none-match": condition}).status_code == 404


def test_raw_text_must_be_revalidated_by_caches(client: Client, paste: Paste) -> None:
    assert client.get(f"/{paste.key}/raw")["Cache-Control"] == "no-cache"
