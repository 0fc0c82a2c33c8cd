"""The site's own URL is the configured one or an allowed host, whatever a request claims."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.models import Paste
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db

HOSTS = [
    "evil.example",
    "testserver.evil.example",
    "testserver@evil.example",
    "evil.example:80",
    "[::1",
    "a b",
    "x" * 300,
]


@pytest.mark.parametrize("host", [*HOSTS, "<script>", "testserver/evil", "testserver, evil.example", ""], ids=ascii)
@pytest.mark.parametrize("path", ["/", "/recent", "/0123456789", "/healthz", "/api/v1/pastes/0123456789", "/admin/"])
def test_a_foreign_host_is_refused_at_every_url(client: Client, host: str, path: str) -> None:
    response = client.get(path, headers={"host": host, "accept": BROWSER_ACCEPT})

    assert response.status_code == 400
    assert not host or host.encode() not in response.content


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_is_stored_for_a_foreign_host(client: Client, host: str) -> None:
    with nothing_stored():
        for method, path, content_type in (
            ("PUT", "/a.txt", ""),
            ("POST", "/", "text/plain"),
            ("POST", "/api/v1/pastes", "application/json"),
        ):
            response = client.generic(method, path, b'{"files": [{"content": "x"}]}', content_type, HTTP_HOST=host)
            assert response.status_code == 400


@pytest.mark.parametrize("name", ["x-forwarded-host", "x-forwarded-server", "forwarded", "x-host", "x-original-url"])
def test_forwarded_headers_do_not_change_urls(client: Client, name: str) -> None:
    response = client.put("/a.txt", b"x", content_type="", headers={name: "evil.example"})

    assert response.content.decode() == f"http://testserver/{Paste.objects.get().key}\n"


def test_the_port_of_the_host_is_kept_in_urls(client: Client) -> None:
    response = client.put("/a.txt", b"x", content_type="", headers={"host": "localhost:8000"})

    assert response.content.startswith(b"http://localhost:8000/")


@pytest.mark.parametrize("host", ["testserver", "localhost:1234"])
def test_the_configured_url_overrides_any_host(client: Client, settings: Settings, host: str) -> None:
    settings.PASTEUR_URL = "https://paste.example.org"
    headers = {"host": host, "x-forwarded-host": "evil.example", "x-forwarded-proto": "ftp"}

    raw = client.put("/a.txt", b"x", content_type="", headers=headers)
    api = client.post("/api/v1/pastes", {"files": [{"content": "x"}]}, content_type="application/json", headers=headers)

    key = api.json()["key"]
    assert raw["Location"].startswith("https://paste.example.org/")
    assert raw.content.startswith(b"https://paste.example.org/")
    assert api["Location"] == api.json()["url"] == f"https://paste.example.org/{key}"
    assert api.json()["files"][0]["raw_url"] == f"https://paste.example.org/{key}/raw/paste.txt"


@pytest.mark.parametrize(
    "query", ["next=//evil.example", "next=https://evil.example", "redirect=//evil", "url=//evil", "return=//evil"]
)
def test_no_query_string_redirects_to_another_site(client: Client, query: str) -> None:
    for path in ("/", "/recent", "/admin/login/"):
        response = client.get(f"{path}?{query}")
        assert response.status_code == 200


def test_a_login_never_redirects_to_another_site(client: Client, admin_user: object) -> None:
    response = client.post(
        "/admin/login/?next=//evil.example/", {"username": "admin", "password": "password", "next": "//evil.example/"}
    )

    assert response.status_code == 302
    assert "evil" not in response["Location"]
