"""PUT and POST with a plain text body, as sent by curl."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.models import File, Paste
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.row_counts import count_rows, nothing_stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_the_response_is_only_the_url_on_a_line(client: Client) -> None:
    response = client.put("/hello.py", b"print()", content_type="")

    paste = Paste.objects.get()
    assert response.status_code == 201
    assert response.content.decode() == f"http://testserver/{paste.key}\n"
    assert response["Location"] == f"http://testserver/{paste.key}"
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert count_rows() == {"Paste": 1, "Revision": 1, "File": 1, "Change": 1}


def test_a_paste_without_options_is_unlisted_and_never_expires(client: Client) -> None:
    client.post("/", b"text", content_type="text/plain")

    paste = Paste.objects.get()
    assert (paste.title, paste.author, paste.comment) == ("", "", "")
    assert (paste.visibility, paste.burn, paste.encrypted, paste.expires_at) == ("unlisted", False, False, None)
    assert paste.files[0].name == "paste.txt"


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("hello.py", "python"),
        ("Makefile", "makefile"),
        ("x.TSX", "typescript"),
        ("readme", "plaintext"),
        ("recent", "plaintext"),
        ("healthz", "plaintext"),
        ("0123456789", "plaintext"),
        ("schön%20&%25.md", "markdown"),
    ],
)
def test_put_stores_the_name_and_takes_the_language_from_it(client: Client, name: str, language: str) -> None:
    response = client.put(f"/{name}", b"text", content_type="")

    assert response.status_code == 201
    file = File.objects.get()
    assert (file.name, file.language) == (name.replace("%20", " ").replace("%25", "%"), language)


def test_put_never_overwrites_a_paste_with_that_name(client: Client) -> None:
    key = client.put("/", b"old", content_type="").content.decode().strip().rpartition("/")[2]

    client.put(f"/{key}", b"new", content_type="")

    assert client.get(f"/{key}/raw").content == b"old"
    assert Paste.objects.count() == 2


def test_sending_the_same_text_again_creates_another_paste(client: Client) -> None:
    answers = {client.put("/a.txt", b"text", content_type="").content for _ in range(2)}

    assert len(answers) == 2


@pytest.mark.parametrize(
    "charset", ["utf-16", "iso-8859-1", "latin1", "windows-1252", "utf-7", "nonsense", "x" * 5_000]
)
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_another_charset_is_refused(client: Client, method: str, charset: str) -> None:
    with nothing_stored():
        response = client.generic(method, "/", "text".encode("utf-16"), f"text/plain; charset={charset}")

    assert response.status_code == 415
    assert len(response.content) < 200


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf8"', "us-ascii"])
def test_all_names_for_utf8_are_accepted(client: Client, charset: str) -> None:
    response = client.generic("PUT", "/", "schön".encode(), f"text/plain; charset={charset}")

    assert response.status_code == 201
    assert File.objects.get().content == "schön"


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "text/html; charset=utf-8", "application/octet-stream", "application/x-www-form-urlencoded"],
)
def test_the_content_types_sent_by_curl_are_accepted_as_text(client: Client, content_type: str) -> None:
    response = client.generic("POST", "/", b"a=1&b=%20+", content_type)

    assert response.status_code == 201
    assert File.objects.get().content == "a=1&b=%20+"


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "image/png", "multipart/mixed; boundary=x", "application/x-www-form-urlencodedx", "text", "/"],
)
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_other_content_types_are_refused(client: Client, method: str, content_type: str) -> None:
    with nothing_stored():
        response = client.generic(method, "/", b"{}", content_type)

    assert response.status_code == 415
    assert b"text/plain" in response.content


def test_put_refuses_a_multipart_form(client: Client) -> None:
    with nothing_stored():
        response = client.generic("PUT", "/", b"--x--", "multipart/form-data; boundary=x")

    assert response.status_code == 415


def test_two_thousand_ampersands_are_text(client: Client) -> None:
    response = client.generic("POST", "/", b"&" * 2_000, "application/x-www-form-urlencoded")

    assert response.status_code == 201


def test_a_caller_that_accepts_json_gets_refusals_as_json(client: Client) -> None:
    json = {"accept": "application/json"}

    refused = client.put("/a.py?expires=2d", b"text", content_type="", headers=json)
    missing = client.delete("/0123456789", headers=json)

    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "expires")
    assert refused.json()["error"]["field"] == "expires"
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")


def test_a_refusal_is_a_page_for_a_browser_and_one_line_for_a_terminal(client: Client) -> None:
    page = client.put("/", b"", content_type="", headers={"accept": BROWSER_ACCEPT})
    line = client.put("/", b"", content_type="", headers={"accept": "*/*"})

    assert (page["Content-Type"], line["Content-Type"]) == ("text/html; charset=utf-8", "text/plain; charset=utf-8")
    assert (page["Vary"], line["Vary"]) == ("Accept, Accept-Language, Cookie, Accept-Encoding", "Accept")
    assert b"</h1>" in page.content
    assert b"<" not in line.content


def test_a_refusal_escapes_quoted_input(client: Client) -> None:
    response = client.generic(
        "PUT", "/", b"x", "text/plain; charset=<script>alert(1)</script>", headers={"accept": BROWSER_ACCEPT}
    )

    assert response.status_code == 415
    assert b"<script>alert" not in response.content


def test_every_response_contains_the_configured_url(client: Client, settings: Settings) -> None:
    settings.PASTEUR_URL = "https://paste.example.org"

    response = client.put("/", b"text", content_type="")

    assert response.content.startswith(b"https://paste.example.org/")
    assert response["Location"].startswith("https://paste.example.org/")
