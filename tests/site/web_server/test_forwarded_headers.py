"""Headers that are not configured do not change any URL, neither for the sender nor for later visitors."""

from collections.abc import Iterator

import pytest

from tests.servers.pasteur import Pasteur

pytestmark = pytest.mark.server
HEADERS = {
    "SCRIPT_NAME": "/evil",
    "Script-Name": "/evil",
    "X-Script-Name": "/evil",
    "X-Forwarded-Prefix": "/evil",
    "PATH_INFO": "/evil",
    "REMOTE_USER": "evil",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Protocol": "ssl",
    "X-Forwarded-Ssl": "on",
    "Forwarded": "for=192.0.2.1;host=evil.example;proto=https",
}


class Fresh(Pasteur):
    """A site with one process that has not served a page, so it has cached no URL."""

    def __init__(self, **settings: str) -> None:
        super().__init__(PASTEUR_WEB_PROCESSES="1", FORWARDED_ALLOW_IPS="*", **settings)


@pytest.fixture(scope="module")
def fresh_site() -> Iterator[Pasteur]:
    with Fresh() as site:
        yield site


def urls_on_pages(site: Pasteur, key: str, headers: dict[str, str]) -> list[str]:
    """Return the URLs on the first page, on a paste, in its JSON and in the admin's login page."""
    paths = ("/", f"/{key}", f"/api/v1/pastes/{key}", "/admin/login/")
    replies = [site.http.request("GET", site.url + path, headers=headers, redirect=False) for path in paths]
    assert [reply.status for reply in replies] == [200] * 4
    return [reply.data.decode() + str(dict(reply.headers)) for reply in replies]


@pytest.mark.parametrize("name", HEADERS)
def test_a_forwarded_header_changes_nothing(fresh_site: Pasteur, name: str) -> None:
    headers = {"Connection": "close", name: HEADERS[name]}
    reply = fresh_site.http.request("POST", f"{fresh_site.url}/", body=b"text", headers=headers)
    assert reply.status == 201
    address = reply.data.decode().strip()
    assert address.startswith(f"{fresh_site.url}/")
    key = address.rpartition("/")[2]

    for content in (*urls_on_pages(fresh_site, key, headers), *urls_on_pages(fresh_site, key, {"Connection": "close"})):
        assert "evil" not in content
        assert ":666" not in content
        assert f"https://127.0.0.1:{fresh_site.port}" not in content
        assert "Strict-Transport-Security" not in content


def test_the_scheme_is_trusted_from_configured_proxies() -> None:
    with Fresh(PASTEUR_PROXIES="1", PASTEUR_LIMIT_CREATE="off") as site:
        headers = {"Connection": "close", "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
        reply = site.http.request("POST", f"{site.url}/", body=b"text", headers=headers)

        assert reply.data.decode().startswith(f"https://127.0.0.1:{site.port}/")
