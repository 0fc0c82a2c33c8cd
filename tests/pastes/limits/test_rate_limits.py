"""Callers that send too many requests are told to wait, in their own format; others are not affected."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.limits import counters
from pastes.limits.rates import Rate
from pastes.models import Paste
from tests.pastes.api.client import FILE, create
from tests.pastes.entry_points import BROWSER_ACCEPT, submit
from tests.pastes.factories import publish_text
from tests.pastes.multipart import Part
from tests.pastes.row_counts import nothing_stored
from tests.servers.redis import Redis

pytestmark = [pytest.mark.django_db, pytest.mark.database]

FAR = "203.0.113.5"


@pytest.fixture(autouse=True)
def reset_counters(settings: Settings, tmp_path: Path) -> None:
    """Start with empty counters."""
    settings.DATA_DIR = tmp_path
    settings.CACHES = settings.CACHES | {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.fixture
def remote_client() -> Client:
    """Return a client with a remote address."""
    return Client(REMOTE_ADDR=FAR)


def test_creates_above_the_limit_must_wait_and_reads_continue(remote_client: Client) -> None:
    made = [remote_client.put("/a.txt", b"text", content_type="") for _ in range(5)]
    with nothing_stored():
        over = remote_client.put("/a.txt", b"text", content_type="")

    assert [response.status_code for response in made] == [201] * 5
    assert [response["RateLimit"].split(";")[1] for response in made] == [f"r={left}" for left in (4, 3, 2, 1, 0)]
    assert over.status_code == 429
    assert 1 <= int(over["Retry-After"]) <= 6
    assert over["RateLimit-Policy"] == '"create";q=10;w=60'
    assert over.content.count(b"\n") == 1
    key = Paste.objects.first()
    assert key
    assert remote_client.get(f"/{key.key}/raw").status_code == 200


def test_the_refusal_has_the_callers_format(remote_client: Client, settings: Settings) -> None:
    settings.PASTEUR_LIMIT_CREATE = "1/day"
    publish_text()
    assert create(remote_client, {"files": [FILE]}).status_code == 201

    api = create(remote_client, {"files": [FILE]})
    page = submit(remote_client, Part("files-0-content", b"x"))

    assert (api.status_code, api.json()["error"]["code"], api.json()["error"]["limit"]) == (429, "too_many_requests", 1)
    assert api["Access-Control-Allow-Origin"] == "*"
    assert (page.status_code, page["Content-Type"]) == (429, "text/html; charset=utf-8")


def test_refused_and_redisplayed_requests_do_not_count(remote_client: Client) -> None:
    for _ in range(8):
        assert remote_client.put("/", b"", content_type="").status_code == 422
        assert submit(remote_client, Part("files-0-content", b"x"), add_file="1").status_code == 200

    assert submit(remote_client, Part("files-0-content", b"x")).status_code == 302
    assert [remote_client.put("/", b"x", content_type="").status_code for _ in range(5)] == [201] * 4 + [429]


def test_reads_have_their_own_limit(remote_client: Client, settings: Settings) -> None:
    settings.PASTEUR_LIMIT_READ = "3/hour"
    paste = publish_text()

    assert [remote_client.get(f"/{paste.key}/raw").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert remote_client.get("/healthz").status_code == 200
    assert Client(REMOTE_ADDR="203.0.113.6").get(f"/{paste.key}/raw").status_code == 200


def test_wrong_tokens_are_counted_and_right_ones_are_not(remote_client: Client) -> None:
    paste = publish_text()
    own = [publish_text() for _ in range(3)]

    wrong = [remote_client.delete(f"/{paste.key}", headers={"x-pasteur-token": str(number)}) for number in range(20)]
    over = remote_client.delete(f"/{paste.key}", headers={"x-pasteur-token": paste.token})

    assert Counter(response.status_code for response in wrong) == {403: 20}
    assert over.status_code == 429
    near = Client(REMOTE_ADDR="203.0.113.7")
    deleted = [near.delete(f"/{paste.key}", headers={"x-pasteur-token": paste.token}) for paste in own]
    assert [response.status_code for response in deleted] == [204, 204, 204]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_local_callers_are_not_limited(address: str) -> None:
    near = Client(REMOTE_ADDR=address)

    assert [near.put("/", b"x", content_type="").status_code for _ in range(12)] == [201] * 12


def test_off_turns_a_limit_off(remote_client: Client, settings: Settings) -> None:
    settings.PASTEUR_LIMIT_CREATE = "off"

    assert [remote_client.put("/", b"x", content_type="").status_code for _ in range(12)] == [201] * 12


def test_an_ipv6_network_is_one_caller(settings: Settings) -> None:
    settings.PASTEUR_LIMIT_CREATE = "2/hour"
    clients = [Client(REMOTE_ADDR=f"2001:db8::{number}") for number in range(1, 4)]

    assert [client.put("/", b"x", content_type="").status_code for client in clients] == [201, 201, 429]


def wrong_password(client: Client, name: str) -> int:
    """Try to log in with a wrong password, and return the status."""
    form = {"username": name, "password": "wrong"}
    return client.post("/admin/login/", form, headers={"accept": BROWSER_ACCEPT}).status_code


def test_ten_wrong_passwords_lock_an_account_for_all_addresses(client: Client) -> None:
    User.objects.create_superuser("moderator", password="right")

    for name in ("moderator", "nobody"):
        tries = [wrong_password(Client(REMOTE_ADDR=f"203.0.113.{number}"), name) for number in range(1, 12)]
        assert tries == [200] * 10 + [429]
    right = {"username": "Moderator ", "password": "right"}
    assert client.post("/admin/login/", right).status_code == 429


def test_an_address_cannot_try_many_accounts(remote_client: Client) -> None:
    tries = [wrong_password(remote_client, f"name-{number}") for number in range(11)]

    assert tries == [200] * 10 + [429]


def test_right_passwords_do_not_count(remote_client: Client) -> None:
    User.objects.create_superuser("moderator", password="right")

    for _ in range(12):
        right = {"username": "moderator", "password": "right"}
        assert remote_client.post("/admin/login/?next=/admin/", right).status_code == 302


def count_granted(rate: Rate) -> int:
    """Return how many of 40 concurrent requests are granted."""
    granted: list[bool] = []
    takers = [threading.Thread(target=lambda: granted.append(counters.charge("x", rate) <= 0)) for _ in range(40)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    return granted.count(True)


def test_concurrent_requests_are_limited_like_consecutive_ones() -> None:
    assert count_granted(Rate(10, 86_400, 10)) == 10


def test_a_caller_may_continue_after_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr("pastes.limits.counters.time.time", lambda: now)
    rate = Rate(10, 60, 5)

    granted = [counters.charge("x", rate) <= 0 for _ in range(7)]
    wait = counters.charge("x", rate)
    now += wait

    assert granted == [True] * 5 + [False] * 2
    assert wait == pytest.approx(6)
    assert counters.charge("x", rate) <= 1e-6
    assert counters.charge("x", rate) > 0


def test_many_callers_share_a_table_of_fixed_size(tmp_path: Path) -> None:
    rate = Rate(1, 86_400, 1)

    assert all(counters.charge(f"caller {number}", rate) <= 0 for number in range(3_000))

    again = sum(counters.charge(f"caller {number}", rate) > 0 for number in range(3_000))
    assert again > 2_950
    assert (tmp_path / "limits").stat().st_size == 1_048_576


def test_a_folder_without_write_permission_blocks_no_request(
    remote_client: Client, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DATA_DIR = tmp_path / "nowhere"

    statuses: list[Any] = [remote_client.put("/", b"x", content_type="").status_code for _ in range(7)]

    assert statuses == [201] * 7
    assert "not counted" in caplog.text


@pytest.mark.server
def test_redis_counts_for_all_machines_and_the_table_is_the_fallback(
    settings: Settings, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "_redis", counters._Redis())
    monkeypatch.setattr(counters, "_TIMEOUT_SECONDS", 20.0)  # A busy machine is only slow.
    settings.CACHES = {"default": {"LOCATION": f"{redis.url}"}}
    rate = Rate(10, 86_400, 10)

    assert count_granted(rate) == 10
    counters.refund("x", rate)
    assert [counters.charge("x", rate) <= 0 for _ in range(2)] == [True, False]
    redis.stop()

    assert count_granted(rate) == 10


@dataclass(frozen=True)
class Guess:
    """A way to try an edit token: how to send it, with the rest of a request that would have an effect."""

    name: str
    send: Callable[[Client, str, str], Any]
    wrong: int = 403


def _in_json(method: str, path: str, header: str, body: dict[str, Any]) -> Callable[[Client, str, str], Any]:
    def send(client: Client, key: str, token: str) -> Any:
        headers = {"if-match": "*", header: f"token {token}" if header == "authorization" else token}
        return client.generic(method, path.format(key), json.dumps(body), "application/json", headers=headers)

    return send


def _in_form(client: Client, key: str, token: str) -> Any:
    fields = {"token": token, "expected": "1", "files-TOTAL_FORMS": "1", "files-0-content": "new"}
    return client.post(f"/{key}/edit", fields | {"visibility": "unlisted", "files-INITIAL_FORMS": "0"})


def _to_privatebin(method: str) -> Callable[[Client, str, str], Any]:
    def send(client: Client, key: str, token: str) -> Any:
        body = json.dumps({"pasteid": key, "deletetoken": token})
        return client.generic(method, "/", body, headers={"x-requested-with": "JSONHttpRequest"})

    return send


EDIT = {"files": [{"content": "new"}]}
GUESSES = [
    Guess("PATCH", _in_json("PATCH", "/api/v1/pastes/{}", "x-pasteur-token", EDIT)),
    Guess("PUT", _in_json("PUT", "/api/v1/pastes/{}", "x-pasteur-token", EDIT)),
    Guess("DELETE", _in_json("DELETE", "/api/v1/pastes/{}", "x-pasteur-token", {})),
    Guess("DELETE page", _in_json("DELETE", "/{}", "x-pasteur-token", {})),
    Guess("gist PATCH", _in_json("PATCH", "/api/v3/gists/{}", "authorization", {"description": "new"})),
    Guess("gist POST", _in_json("POST", "/api/v3/gists/{}", "authorization", {"description": "new"})),
    Guess("gist DELETE", _in_json("DELETE", "/api/v3/gists/{}", "authorization", {})),
    Guess("edit form", _in_form),
    Guess("delete form", lambda client, key, token: client.post(f"/{key}/delete", {"token": token})),
    Guess("pinnwand", lambda client, key, token: client.get(f"/remove/{key}.{token}"), wrong=404),
    Guess("PrivateBin POST", _to_privatebin("POST"), wrong=200),
    Guess("PrivateBin DELETE", _to_privatebin("DELETE"), wrong=200),
]


@pytest.mark.parametrize("guess", GUESSES, ids=lambda guess: guess.name)
def test_a_wrong_edit_token_counts_as_a_guess_wherever_it_is_tried_and_a_right_one_does_not(
    remote_client: Client, settings: Settings, guess: Guess
) -> None:
    settings.PASTEUR_LIMIT_CREATE, settings.PASTEUR_LIMIT_DELETE = "6/hour", "5/hour"
    paste, own = publish_text(), [publish_text() for _ in range(6)]
    near = Client(REMOTE_ADDR="203.0.113.8")

    wrong = [guess.send(remote_client, paste.key, f"wrong{number}").status_code for number in range(5)]
    with nothing_stored():
        over = guess.send(remote_client, paste.key, paste.token)
    right = [guess.send(near, paste.key, paste.token).status_code for paste in own]

    assert (wrong, over.status_code) == ([guess.wrong] * 5, 429)
    assert int(over["Retry-After"]) > 0
    assert over["RateLimit-Policy"].startswith('"delete"')
    assert 429 not in right
    assert guess.wrong not in right or "PrivateBin" in guess.name
    # Failed attempts do not count against the limit for new pastes.
    assert [remote_client.put("/", b"x", content_type="").status_code for _ in range(7)] == [201] * 6 + [429]
