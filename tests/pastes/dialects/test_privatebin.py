"""PrivateBin's API, version 2: its encrypted pastes are stored and returned, and no other pastes are."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.models import File, Paste
from tests.pastes.api.client import create
from tests.pastes.ciphertexts import CT, adata, sealed
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text
from tests.pastes.row_counts import count_rows, nothing_stored

pytestmark = pytest.mark.django_db

HEADER = {"x-requested-with": "JSONHttpRequest"}


def request(expire: str | None = "1week", **values: Any) -> dict[str, Any]:
    """Return a client's request, with these values instead of the defaults."""
    paste = {"v": 2, "adata": adata(**values), "ct": CT, "meta": {} if expire is None else {"expire": expire}}
    return paste | {name: value for name, value in values.items() if name in {"v", "ct", "meta", "adata"}}


def send(client: Client, body: Any, method: str = "POST", headers: dict[str, str] = HEADER) -> Any:
    """Send a request like pbincli, without a Content-Type."""
    text = body if isinstance(body, str) else json.dumps(body)
    return client.generic(method, "/", text, "", headers=headers)


def get_root(client: Client, query: str, method: str = "GET", headers: dict[str, str] = HEADER) -> Any:
    """Get `/?...`."""
    return client.generic(method, f"/?{query}", headers=headers)


def assert_failed(response: Any, message: str) -> None:
    """Fail unless the response is a failure in PrivateBin's format."""
    assert response.status_code == 200
    assert response.json() == {"status": 1, "message": response.json()["message"]}
    assert message in response.json()["message"]
    assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("headers", [HEADER, {}, {"content-type": "application/json"}])
def test_a_paste_is_stored_in_the_sites_format_and_read_back(
    client: Client, method: str, headers: dict[str, str]
) -> None:
    created = send(client, request(), method, headers)

    paste = Paste.objects.get()
    assert created.status_code == 200
    assert created.json() == {
        "status": 0,
        "id": paste.key,
        "url": f"/?{paste.key}",
        "deletetoken": created["X-Pasteur-Token"],
    }
    assert len(created.json()["deletetoken"]) == 64
    assert set(created.json()["deletetoken"]) <= set("0123456789abcdef")
    assert created["Cache-Control"] == "no-store"
    assert (paste.encrypted, paste.burn, paste.files[0].content) == (True, False, sealed())
    assert paste.expires_at
    assert paste.expires_at - paste.created_at == timedelta(weeks=1)
    read = get_root(client, paste.key)
    seconds_left = read.json()["meta"]["time_to_live"]
    assert 604_790 <= seconds_left <= 604_800
    assert read.json() == {
        "status": 0,
        "id": paste.key,
        "url": f"/?{paste.key}",
        "v": 2,
        "ct": CT,
        "adata": adata(),
        "meta": {"time_to_live": seconds_left},
        "comments": [],
        "comment_count": 0,
        "comment_offset": 0,
    }
    assert "no-store" in read["Cache-Control"]
    assert "Accept" in read["Vary"]


@pytest.mark.parametrize(
    ("expire", "length"),
    [
        ("5min", timedelta(minutes=5)),
        ("10min", timedelta(minutes=10)),
        ("1hour", timedelta(hours=1)),
        ("1day", timedelta(days=1)),
        (None, timedelta(weeks=1)),
        ("1month", timedelta(days=30)),
        ("1year", timedelta(days=365)),
        ("never", None),
    ],
)
def test_its_expiries_have_their_durations(client: Client, expire: str | None, length: timedelta | None) -> None:
    key = send(client, request(expire)).json()["id"]

    paste = Paste.objects.get()
    assert (paste.expires_at - paste.created_at if paste.expires_at else None) == length
    assert ("time_to_live" in get_root(client, key).json()["meta"]) == (length is not None)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (request(v=1), "v must be 2"),
        (request(iterations=10_000), "iterations"),
        (request(iv="A" * 28), "iv must be base64"),
        (request(salt="A" * 16), "salt must be base64"),
        (request(key=512), "the cipher must use"),
        (request(mode="ecb"), "the cipher must use"),
        (request(compression="gzip"), "the cipher must use"),
        (request(formatter="html"), "the formatter"),
        (request(discussion=2), "discussion and burn"),
        (request(burn=True), "discussion and burn"),
        (request(ct="no base64!"), "ct is not base64"),
        (request(ct=""), "ct must be base64"),
        (request(adata=[]), "adata must be"),
        (request(meta=[]), "meta must be an object"),
        (request(meta={"expire": "1day", "expires": "1day"}), "meta has an unknown field: 'expires'"),
        (request("1e9"), "expire must be one of"),
        (request() | {"pastetype": 1}, "The paste has an unknown field: 'pastetype'"),
        ({"v": 2, "adata": adata(), "ct": CT}, "requires meta"),
        ({"v": 2}, "requires adata"),
        ([], "must be a JSON object"),
        ("", "not JSON"),
        ('{"v":', "not JSON"),
        ('{"v": 2, "v": 2}', "is repeated"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_an_invalid_paste_is_refused_in_privatebins_format(client: Client, body: Any, message: str) -> None:
    with nothing_stored():
        response = send(client, body)

    assert_failed(response, message)


def test_a_large_paste_is_refused_in_privatebins_format(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAX_BYTES = 400

    with nothing_stored():
        assert_failed(send(client, request(ct="A" * 400)), "at most 400 bytes")
        assert_failed(send(client, request(ct="A" * 40_000)), "at most 400 bytes")


def test_a_burning_paste_is_read_once_and_not_by_prefetching(client: Client) -> None:
    key = send(client, request(burn=1)).json()["id"]

    assert get_root(client, key, headers={"accept": BROWSER_ACCEPT})["Location"] == f"/{key}"
    assert get_root(client, key, method="HEAD").status_code == 200
    assert_failed(get_root(client, key, headers=HEADER | {"sec-purpose": "prefetch"}), "burns after reading")
    assert Paste.objects.readable().get().burn
    first, second = get_root(client, key), get_root(client, key)

    assert (first.json()["ct"], first.json()["adata"]) == (CT, adata(burn=1))
    assert_failed(second, "does not exist")
    assert not File.objects.exists()


def test_only_encrypted_pastes_of_the_site_are_read(client: Client) -> None:
    ours = create(client, {"files": [{"content": sealed(iterations=20_000)}], "encrypted": True}).json()["key"]
    hexed = create(client, {"files": [{"content": "00ff"}], "encrypted": True}).json()["key"]
    hexed_burning = create(client, {"files": [{"content": "00ff"}], "encrypted": True, "burn": True}).json()["key"]
    clear, burning = publish_text("{}"), publish_text("secret", burn=True)
    hidden = Paste.objects.get(key=send(client, request()).json()["id"])
    writing.hide(hidden)

    assert get_root(client, ours).json()["adata"][0][2] == 20_000
    for query in (
        hexed,
        hexed_burning,
        clear.key,
        burning.key,
        hidden.key,
        "f468483c313401e8",
        "nothing",
        "%00",
        "a" * 5_000,
    ):
        assert_failed(get_root(client, query), "does not exist, has expired or has been deleted")
    assert Paste.objects.readable().filter(pk=burning.pk).exists()
    assert client.post(f"/{hexed_burning}/burn", headers={"accept": "*/*"}).content == b"00ff"


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        (BROWSER_ACCEPT, False),
        ("*/*", False),
        ("text/html, application/json", False),
        ("text/html;q=0.5, application/json", True),
        ("application/json", True),
    ],
)
def test_a_link_is_the_page_for_a_browser_and_json_for_a_program(client: Client, accept: str, is_json: bool) -> None:
    key = send(client, request()).json()["id"]

    response = get_root(client, key, headers={"accept": accept})

    if is_json:
        assert response.json()["ct"] == CT
    else:
        assert (response.status_code, response["Location"]) == (302, f"/{key}")


@pytest.mark.parametrize("query", ["{key}&fbclid=x", "{key}=&utm_source=a&utm_medium=b", "gclid=x&{key}"])
@pytest.mark.parametrize("headers", [HEADER, {"accept": BROWSER_ACCEPT}])
def test_a_link_opens_with_what_trackers_add(client: Client, query: str, headers: dict[str, str]) -> None:
    key = send(client, request()).json()["id"]

    response = get_root(client, query.format(key=key), headers=headers)

    if headers == HEADER:
        assert response.json()["ct"] == CT
    else:
        assert (response.status_code, response["Location"]) == (302, f"/{key}")


def test_what_the_sites_own_pages_add_to_a_ciphertext_is_not_passed_on(client: Client) -> None:
    paste = publish_text(sealed()[:-1] + ',"password":true}', encrypted=True)

    answer = get_root(client, paste.key, headers=HEADER).json()

    assert answer["status"] == 0
    assert "password" not in answer


@pytest.mark.parametrize("headers", [HEADER, {}, {"accept": BROWSER_ACCEPT}])
def test_the_version_is_public(client: Client, headers: dict[str, str]) -> None:
    response = get_root(client, "jsonld=paste", headers=headers)

    assert response["Content-Type"] == "application/ld+json"
    assert response.json()["@context"]["v"]["@value"] == 2


def deleting(client: Client, how: str, key: str, token: str, **headers: str) -> Any:
    """Request a deletion in one of three ways."""
    if how == "GET":
        return get_root(client, f"pasteid={key}&deletetoken={token}", headers=HEADER | headers)
    return send(client, {"pasteid": key, "deletetoken": token}, how)


@pytest.mark.parametrize("how", ["POST", "DELETE", "GET"])
def test_the_deletion_token_deletes_once(client: Client, how: str) -> None:
    created = send(client, request()).json()

    done = deleting(client, how, created["id"], created["deletetoken"])

    assert done.json() == {"status": 0, "id": created["id"], "url": f"/?{created['id']}"}
    assert not File.objects.exists()
    assert_failed(deleting(client, how, created["id"], created["deletetoken"]), "does not exist")


@pytest.mark.parametrize("how", ["POST", "DELETE", "GET"])
def test_a_wrong_token_deletes_nothing(client: Client, how: str) -> None:
    created, other = send(client, request()).json(), send(client, request()).json()

    for token in ("", created["deletetoken"][:-1], other["deletetoken"], "burnafterreading"):
        assert_failed(deleting(client, how, created["id"], token), "Wrong deletion token")
    assert Paste.objects.readable().count() == 2


def test_a_deletion_link_asks_a_browser_first_and_prefetching_deletes_nothing(client: Client) -> None:
    created = send(client, request()).json()
    query = f"pasteid={created['id']}&deletetoken={created['deletetoken']}"

    page = get_root(client, query, headers={"accept": BROWSER_ACCEPT})
    get_root(client, query, headers=HEADER | {"sec-purpose": "prefetch"})
    get_root(client, query, method="HEAD")

    assert page["Location"] == f"/{created['id']}/delete#token={created['deletetoken']}"
    assert get_root(client, query[:-1], headers={"accept": BROWSER_ACCEPT})["Location"] == "/"
    assert Paste.objects.readable().count() == 1


def test_pages_on_other_sites_can_use_it_and_cookies_are_ignored() -> None:
    client = Client(enforce_csrf_checks=True)

    before = client.options("/", headers={"access-control-request-method": "POST", "origin": "https://a.example"})
    created = send(client, request())

    assert (before.status_code, before["Access-Control-Allow-Headers"]) == (204, "X-Requested-With, Content-Type")
    assert created.json()["status"] == 0
    assert not created.cookies


def test_text_that_resembles_its_json_remains_text(client: Client) -> None:
    texts = [sealed(), '{"adata": 1, "ct": 2, ', json.dumps({"a": '"adata" "ct"'}), '["adata", "ct"]']

    for text in texts:
        response = client.generic("POST", "/", text, "text/plain")
        assert response.status_code == 201
        assert client.get(response.content.decode().strip() + "/raw").content == text.encode()
    stored = client.generic("POST", "/?encrypted=1", sealed(), "text/plain")
    assert stored.status_code == 201


def test_the_page_for_a_new_paste_is_still_served(client: Client) -> None:
    for query in ("", "title=x", "abc", "jsonld=other", "pasteid=x"):
        response = get_root(client, query, headers={"accept": BROWSER_ACCEPT})
        assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert client.delete("/").status_code == 405
    assert client.options("/").status_code == 405


def test_a_rate_limit_is_reported_in_privatebins_format(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.PASTEUR_LIMIT_CREATE = "1/day"
    remote_client = Client(REMOTE_ADDR="203.0.113.5")

    assert send(remote_client, request()).json()["status"] == 0
    over = send(remote_client, request())

    assert (over.status_code, over.json()["status"]) == (429, 1)
    assert int(over["Retry-After"]) > 0


@pytest.mark.parametrize("headers", [HEADER, {"accept": BROWSER_ACCEPT}])
def test_guesses_of_deletion_links_are_counted(
    client: Client, settings: Settings, tmp_path: Path, headers: dict[str, str]
) -> None:
    settings.DATA_DIR, settings.PASTEUR_LIMIT_DELETE = tmp_path, "3/hour"
    created = send(client, request()).json()
    remote_client = Client(REMOTE_ADDR="203.0.113.5")

    wrong = [
        get_root(remote_client, f"pasteid={created['id']}&deletetoken={number}", headers=headers) for number in range(3)
    ]
    over = get_root(remote_client, f"pasteid={created['id']}&deletetoken={created['deletetoken']}", headers=headers)

    assert 429 not in {response.status_code for response in wrong}
    assert over.status_code == 429
    assert Paste.objects.readable().count() == 1


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_guesses_of_deletion_tokens_are_counted(
    client: Client, settings: Settings, tmp_path: Path, method: str
) -> None:
    settings.DATA_DIR, settings.PASTEUR_LIMIT_CREATE, settings.PASTEUR_LIMIT_DELETE = tmp_path, "3/hour", "3/hour"
    created = send(client, request()).json()
    remote_client = Client(REMOTE_ADDR="203.0.113.5")

    for number in range(3):
        assert_failed(deleting(remote_client, method, created["id"], str(number)), "Wrong deletion token")

    assert deleting(remote_client, method, created["id"], created["deletetoken"]).status_code == 429


def test_refused_requests_do_not_count_as_new_pastes(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.PASTEUR_LIMIT_CREATE = tmp_path, "1/day"
    remote_client = Client(REMOTE_ADDR="203.0.113.5")

    for _ in range(3):
        assert_failed(send(remote_client, request(expire="tomorrow")), "expire must be one of")

    assert send(remote_client, request()).json()["status"] == 0
    assert send(remote_client, request()).status_code == 429


def test_the_dialect_can_be_disabled(client: Client, settings: Settings) -> None:
    settings.PASTEUR_DIALECTS = ["first"]
    before = count_rows()

    assert send(client, request(), headers={"content-type": "application/json"}).status_code == 415
    assert get_root(client, "jsonld=paste")["Content-Type"] == "text/html; charset=utf-8"
    assert get_root(client, publish_text().key)["Content-Type"] == "text/html; charset=utf-8"
    assert count_rows()["Paste"] == before["Paste"] + 1


@pytest.mark.parametrize(("query", "headers"), [("?expires=1d", HEADER), ("", HEADER | {"x-pasteur-burn": "1"})])
def test_unsupported_options_are_refused(client: Client, query: str, headers: dict[str, str]) -> None:
    with nothing_stored():
        response = client.generic("POST", f"/{query}", json.dumps(request()), "", headers=headers)

    assert_failed(response, "Unknown option: ")
