"""A site below a path of its host (PASTEUR_URL=https://example.org/notes/paste) uses no URL outside that path."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
import urllib3
from django.core import mail
from django.test import Client
from django.urls import get_script_prefix, set_script_prefix
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste, Report
from pastes.moderation import report_mail
from tests.client.program import User
from tests.pastes import wsgi_client
from tests.pastes.dialects.dialect_clients import DIALECT_CLIENTS, DialectClient
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page
from tests.servers.below_a_path import PATH, PasteurBelowPath

HOST = "https://example.org"
URL = HOST + PATH
#: Attributes that contain a URL.
ATTRIBUTES = ("href", "src", "action", "data-address")


@pytest.fixture
def below_a_path(settings: Settings) -> Iterator[None]:
    """Put the site below a path, like its settings and Django's handler do."""
    settings.PASTEUR_URL, settings.FORCE_SCRIPT_NAME = URL, PATH
    before = get_script_prefix()
    set_script_prefix(PATH)
    yield
    set_script_prefix(before)


def addresses(page: Page) -> set[str]:
    """Return the URLs on a page, without those of other sites and of the page itself."""
    named = {value for _, tag in page.tags for name, value in tag.items() if name in ATTRIBUTES and value}
    named |= {tag["content"] for _, tag in page.tags if str(tag.get("property", "")) == "og:url" and tag["content"]}
    return {name for name in named if name.startswith(("/", HOST))}


def assert_below_the_path(text: str) -> None:
    """Fail if text contains a URL of this site outside its path."""
    outside = re.findall(rf"{re.escape(HOST)}(?!{re.escape(PATH)}(?:[/\s\"'<&?#]|$))[^\s\"']*", text)
    assert outside == []


def paste_of_everything() -> Paste:
    """Publish a paste with two files, an author, a fork and a revision, so that its pages have all their links."""
    files = [NewFile("# one\n", "a.md"), NewFile("two\n", "b c.txt")]
    paste = writing.publish(Draft(files, title="All", author="Ada L.", visibility="public"))
    writing.revise(paste, [NewFile("three\n", "a.md")])
    return paste


@pytest.mark.django_db
@pytest.mark.usefixtures("below_a_path")
@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_every_link_on_every_page_is_below_the_path_and_works(client: Client, language: str) -> None:
    paste_of_everything()
    publish_text("burns", burn=True)
    visited: set[str] = set()
    waiting = {f"{PATH}/", f"{PATH}/nothing-here", f"{PATH}/search?q=one", f"{PATH}/{Paste.objects.earliest('id').key}"}
    while waiting:
        address = waiting.pop()
        visited.add(address)
        if address.startswith("/static/"):
            continue  # Their real URLs are tested on the running site below.
        assert address.startswith(f"{PATH}/"), address
        if "/admin/" in address or address.endswith("/language"):
            continue
        response = client.get(address.removeprefix(PATH), headers={"accept": "text/html", "accept-language": language})
        assert response.status_code in {200, 301, 302, 404, 405}, address
        assert response.status_code != 404 or "nothing-here" in address, address
        for header in ("Location", "Link", "Content-Location"):
            assert_below_the_path(response.get(header, ""))
        if response.get("Location", "").startswith("/"):
            assert response["Location"].startswith(f"{PATH}/")
        body = b"" if response.streaming else response.content
        if response["Content-Type"].startswith(("text/", "application/atom")) and "/raw" not in address:
            assert_below_the_path(body.decode())
        if response["Content-Type"].startswith("text/html"):
            found = {urljoin(HOST + address, name).partition("#")[0] for name in addresses(Page(response))}
            waiting |= {name.removeprefix(HOST) for name in found} - visited
    assert len(visited) > 30


@pytest.mark.django_db
@pytest.mark.usefixtures("below_a_path")
@pytest.mark.parametrize("dialect", DIALECT_CLIENTS, ids=lambda dialect: f"{dialect.dialect}-{dialect.path}")
def test_dialects_respond_with_urls_below_the_path(client: Client, dialect: DialectClient) -> None:
    response = dialect.send(client, b"text")

    assert response.status_code == dialect.status
    answer = response.content.decode() + "".join(f"\n{name}: {value}" for name, value in response.items())
    assert_below_the_path(answer)
    assert Paste.objects.get().key in answer


@pytest.mark.django_db
@pytest.mark.usefixtures("below_a_path")
def test_redirects_in_dialects_are_below_the_path(client: Client) -> None:
    paste = publish_text()

    shown = client.get(f"/?{paste.key}")
    made = client.post("/curl", {"raw": "text"}).content.decode()
    removal = re.search(rf"{re.escape(URL)}(/remove/\S+)", made)
    assert removal is not None
    removed = client.get(removal[1])

    assert (shown.status_code, shown["Location"]) == (302, f"{PATH}/{paste.key}")
    assert (removed.status_code, removed["Location"]) == (302, f"{PATH}/")


@pytest.mark.django_db
@pytest.mark.usefixtures("below_a_path")
def test_the_api_returns_urls_below_the_path(client: Client) -> None:
    draft = {"files": [{"content": "text", "name": "a.txt"}]}
    made = client.post("/api/v1/pastes", draft, content_type="application/json")
    key = made.json()["key"]
    for number in range(60):
        publish_text(f"{number}", visibility="public")

    paths = (f"pastes/{key}", "pastes", "openapi.json", "docs", "")
    answers = [made, *(client.get(f"/api/v1/{path}") for path in paths)]

    assert made.json()["url"] == made["Location"] == f"{URL}/{key}"
    assert answers[2]["Link"].startswith(f"<{URL}/api/v1/pastes?before=")
    for answer in answers:
        assert_below_the_path(answer.content.decode() + answer.get("Link", ""))
    assert answers[4].content.count(f"{PATH}/api/v1/openapi.json".encode()) == 1
    assert answers[5]["Location"] == f"{PATH}/api/v1/docs"


@pytest.mark.django_db
@pytest.mark.usefixtures("below_a_path")
def test_oembed_recognizes_only_urls_below_the_path(client: Client) -> None:
    paste = publish_text(visibility="public")

    answer = client.get(f"/oembed?url={quote(f'{URL}/{paste.key}')}")

    assert answer.json()["provider_url"] == f"{URL}/"
    assert f'src="{URL}/{paste.key}/embed"' in answer.json()["html"]
    for other in (f"{HOST}/{paste.key}", f"{HOST}/other{PATH}/{paste.key}", f"{URL}{PATH}/{paste.key}"):
        assert client.get(f"/oembed?url={quote(other)}").status_code == 404


@pytest.mark.django_db
@pytest.mark.usefixtures("below_a_path")
def test_the_mail_to_moderators_links_below_the_path(settings: Settings) -> None:
    settings.PASTEUR_MODERATORS, settings.EMAIL_HOST = ["ada@example.org"], "mail.example.org"
    paste = publish_text()
    Report.objects.create(paste=paste, reason="spam", digest="0" * 64)

    report_mail.send_pending()

    (message,) = mail.outbox
    body = str(message.body)
    assert f"{URL}/{paste.key}\n" in body
    assert f"{URL}/admin/pastes/report/" in body
    assert_below_the_path(body)


@pytest.mark.django_db
@pytest.mark.usefixtures("below_a_path")
def test_the_server_accepts_requests_with_and_without_the_path(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    paste = publish_text("text")
    for before in (PATH, ""):
        assert wsgi_client.send("GET", f"{before}/{paste.key}/raw").content == b"text"
        assert wsgi_client.send("GET", f"{before}/recent", accept="text/html").status_code == 200
    assert wsgi_client.send("GET", PATH, accept="text/html").status_code == 200
    assert wsgi_client.send("GET", f"{PATH}x/{paste.key}/raw").status_code == 404


@pytest.fixture(scope="module")
def site() -> Iterator[PasteurBelowPath]:
    """Return a running site below a path, with a moderator."""
    with PasteurBelowPath(DJANGO_SUPERUSER_PASSWORD="correct-horse-battery") as running:
        running.manage("createsuperuser", "--noinput", "--username", "moderator", "--email", "m@example.org")
        yield running


@pytest.mark.server
def test_cookies_static_files_and_the_admin_are_below_the_path(site: PasteurBelowPath) -> None:
    login = site.http.request("GET", f"{site.url}/admin/login/?next={PATH}/admin/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', login.data.decode())
    assert token is not None
    cookie = login.headers["Set-Cookie"]
    pages = login.data.decode() + site.http.request("GET", f"{site.url}/").data.decode()
    files = re.findall(r'(?:href|src)="([^"]*/static/[^"]+)"', pages)

    fields = {"csrfmiddlewaretoken": token[1], "username": "moderator", "password": "correct-horse-battery"}
    entered = site.http.request(
        *("POST", f"{site.url}/admin/login/?next={PATH}/admin/"),
        fields=fields,
        encode_multipart=False,
        headers={"Cookie": cookie.partition(";")[0], "Referer": f"{site.url}/admin/login/", "Connection": "close"},
        redirect=False,
    )
    chosen = site.http.request("POST", f"{site.url}/language", fields={"language": "fr"}, redirect=False)

    assert (entered.status, entered.headers["Location"]) == (302, f"{PATH}/admin/")
    cookies = [cookie, *entered.headers.getlist("Set-Cookie"), chosen.headers["Set-Cookie"]]
    assert all(re.search(rf"; Path={PATH}/(;|$)", line) for line in cookies), cookies
    assert chosen.headers["Location"] == f"{PATH}/"
    assert len(files) > 5
    for file in files:
        assert file.startswith(f"{PATH}/static/")
        assert site.http.request("GET", urljoin(site.url, file)).status == 200


@pytest.mark.server
def test_the_client_works_with_the_address_it_was_fetched_from_and_with_any_address_of_a_paste(
    site: PasteurBelowPath, tmp_path: Any
) -> None:
    user = User(tmp_path)
    program = user.write("pasteur", site.http.request("GET", f"{site.url}/client").data)
    made = user("paste", text="text\n", program=program).line
    assert urlsplit(made).path.startswith(f"{PATH}/")
    key = made.rpartition("/")[2]

    stranger = User(tmp_path / "stranger")
    stranger.home.mkdir()
    for address in (made, f"{made}/raw", f"{site.url}/api/v1/pastes/{key}", f"{site.url}/raw/{key}"):
        assert stranger("get", address).out == "text\n"
    assert user("get", key, program=program).out == "text\n"
    assert user("get", key, PASTEUR_SERVER=f"{site.url}/").out == "text\n"
    assert user("delete", made, "--yes", program=program).status in {0, 2}


@pytest.mark.server
def test_pastebinit_and_curl_paste_below_the_path(site: PasteurBelowPath) -> None:
    configuration = site.http.request("GET", f"{site.url}/pastebin.d/pasteur.conf").data.decode()
    help_text = site.http.request("GET", f"{site.url}/help.txt").data.decode()
    made = site.http.request("PUT", f"{site.url}/a.txt", body=b"text").data.decode().strip()

    assert f"basename = {site.url.removeprefix('http://')}\n" in configuration
    assert f"curl -T hello.py {site.url}/\n" in help_text
    assert site.http.request("GET", f"{made}/raw").data == b"text"


@pytest.mark.server
def test_outside_the_path_there_is_no_redirect_to_another_host(site: PasteurBelowPath) -> None:
    for path in ("//evil.example", f"{PATH}//evil.example", f"{PATH}/..//evil.example"):
        answer = urllib3.request("GET", site.url.removesuffix(PATH) + path, redirect=False)
        assert not answer.headers.get("Location", "").startswith("//")


def test_django_uses_the_path_in_every_process() -> None:
    site = PasteurBelowPath()
    site.settings["PASTEUR_URL"] = f"{URL}/"
    code = "from django.urls import reverse; from django.conf import settings as s; import json\n"
    code += "print(json.dumps([reverse('recent'), s.STATIC_URL, s.SESSION_COOKIE_PATH, s.CSRF_TRUSTED_ORIGINS]))"

    done = site.manage("shell", "--no-imports", "-v0", "-c", code)

    expected = [f"{PATH}/recent", f"{PATH}/static/", f"{PATH}/", [HOST]]
    assert json.loads(done.stdout) == expected
    site.stop()


@pytest.mark.django_db
def test_a_site_without_a_path_keeps_its_urls(client: Client) -> None:
    paste = publish_text()
    assert paste.get_absolute_url() == f"/{paste.key}"
    assert {link for link in Page(client.get("/")).links() if link.startswith("/")} >= {"/", "/recent", "/mine"}
