"""API tokens grant exactly the access that their scopes allow; invalid tokens grant none."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from pastes.access import api_tokens
from pastes.models import ApiToken, Paste, State
from tests.pastes.api.client import FILE, create, refused
from tests.pastes.entry_points import submit
from tests.pastes.factories import publish_text
from tests.pastes.multipart import Part
from tests.pastes.row_counts import nothing_stored
from tests.pastes.token_clients import bearer

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def patch(client: Client, key: str, **headers: str) -> tuple[int, str]:
    """Change the title of a paste; return status and code."""
    response = client.patch(
        f"/api/v1/pastes/{key}",
        json.dumps({"title": "New"}),
        content_type="application/json",
        headers={"if-match": "*", **headers},
    )
    return response.status_code, response.json().get("error", {}).get("code", "")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "token"])
def test_a_token_creates_edits_and_deletes_its_own_pastes(scheme: str) -> None:
    client, token = bearer("read", "write", scheme=scheme)

    made = create(client, {"files": [FILE]})
    key = made.json()["key"]

    assert made.status_code == 201
    assert Paste.objects.get(key=key).api_token == token
    assert patch(client, key) == (200, "")
    assert client.delete(f"/{key}").status_code == 204


def test_a_token_also_works_for_uploads_and_dialects() -> None:
    client, token = bearer("read", "write")

    answers = [
        client.put("/a.txt", b"text", content_type=""),
        client.post("/documents", b"text", content_type="text/plain"),
        submit(client, Part("files-0-content", b"text")),
    ]

    assert [answer.status_code for answer in answers] == [201, 200, 302]
    assert Paste.objects.filter(api_token=token).count() == 3


def test_pastes_by_others_require_their_edit_token() -> None:
    client, _ = bearer("read", "write")
    other, _ = bearer("read", "write")
    key = create(other, {"files": [FILE]}).json()["key"]
    anybodys = publish_text()

    assert patch(client, key) == (403, "token")
    assert client.delete(f"/{key}").status_code == 403
    assert patch(client, anybodys.key) == (403, "token")
    assert patch(client, anybodys.key, **{"x-pasteur-token": anybodys.token}) == (200, "")


def test_tokens_with_the_same_owner_can_change_each_others_pastes() -> None:
    ada, bob = User.objects.create_user("ada"), User.objects.create_user("bob")
    first, _ = bearer("read", "write", owner=ada)
    second, _ = bearer("read", "write", owner=ada)
    third, _ = bearer("read", "write", owner=bob)
    key = create(first, {"files": [FILE]}).json()["key"]

    assert patch(third, key) == (403, "token")
    assert patch(second, key) == (200, "")


def test_a_missing_scope_is_reported(client: Client) -> None:
    paste = publish_text(visibility="public")
    reader, _ = bearer("read")
    writer, _ = bearer("write")

    with nothing_stored():
        assert refused(create(reader, {"files": [FILE]}))[:2] == (403, "scope")
        assert reader.put("/a.txt", b"text", content_type="").status_code == 403
        assert patch(reader, paste.key, **{"x-pasteur-token": paste.token}) == (403, "scope")
    assert refused(writer.get(f"/api/v1/pastes/{paste.key}"))[:2] == (403, "scope")
    for path in (f"/{paste.key}", f"/{paste.key}/raw", "/recent", "/recent.atom", "/search?q=text", "/api/v1/pastes"):
        assert writer.get(path).status_code == 403, path
        assert reader.get(path).status_code == 200, path
    own = create(writer, {"files": [FILE]}).json()["key"]
    assert writer.delete(f"/api/v1/pastes/{own}").status_code == 204


def test_a_moderator_reads_hides_shows_and_deletes_any_paste_but_edits_none(client: Client) -> None:
    moderator, _ = bearer("moderate")
    paste = publish_text("bad", "a.txt")
    address = f"/api/v1/pastes/{paste.key}"

    assert moderator.post(f"{address}/hide").json() == {"key": paste.key, "state": "hidden"}
    assert client.get(f"/{paste.key}/raw").status_code == 404
    assert moderator.get(f"/{paste.key}/raw").content == b"bad"
    assert moderator.get(address)["X-Pasteur-State"] == "hidden"
    assert patch(moderator, paste.key) == (403, "token")
    assert moderator.post(f"{address}/show").json()["state"] == "published"
    assert client.get(f"/{paste.key}/raw").content == b"bad"
    moderator.post(f"{address}/hide")
    assert moderator.delete(address).status_code == 204
    assert Paste.objects.get().state == State.REMOVED


def test_only_tokens_with_the_scope_moderate(client: Client) -> None:
    paste = publish_text()
    writer, _ = bearer("read", "write")

    answer = client.post(f"/api/v1/pastes/{paste.key}/hide")

    assert refused(answer)[:2] == (401, "needs_token")
    assert answer["WWW-Authenticate"] == 'Bearer realm="Pasteur"'
    assert refused(writer.post(f"/api/v1/pastes/{paste.key}/hide"))[:2] == (403, "scope")
    assert Paste.objects.get().state == State.PUBLISHED


def invalid_token_client(how: str) -> Client:
    """Return a client whose token is invalid, or no longer valid."""
    client, token = bearer("read", "write", owner=User.objects.create_user("ada"))
    if how == "revoked":
        api_tokens.revoke(token)
    elif how == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "owner":
        User.objects.update(is_active=False)
    else:
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {how}"
    return client


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("revoked", "revoked_token"),
        ("owner", "revoked_token"),
        ("expired", "expired_token"),
        ("pasteur_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "unknown_token"),
        ("\u00ff\x00'", "unknown_token"),
        ("x" * 5_000, "unknown_token"),
    ],
)
def test_an_invalid_token_gets_401_on_any_request(how: str, code: str) -> None:
    paste, client = publish_text(), invalid_token_client(how)

    with nothing_stored():
        answers = [
            create(client, {"files": [FILE]}),
            client.get(f"/api/v1/pastes/{paste.key}"),
            client.put("/a.txt", b"text", content_type=""),
            client.get(f"/{paste.key}/raw"),
            client.post("/documents", b"text", content_type="text/plain"),
        ]

    assert [answer.status_code for answer in answers] == [401] * 5
    assert {answer["WWW-Authenticate"] for answer in answers} == {'Bearer realm="Pasteur", error="invalid_token"'}
    assert refused(answers[0])[1] == code
    assert answers[2].content.count(b"\n") == 1


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Digest x", ""])
def test_other_kinds_of_authorization_are_ignored(header: str) -> None:
    client = Client(headers={"authorization": header})

    assert create(client, {"files": [FILE]}).status_code == 201


def test_only_a_hash_is_stored() -> None:
    secret, token = api_tokens.create(name="one", scopes=["read"])

    token.refresh_from_db()
    held = " ".join(str(value) for value in vars(token).values())
    assert secret not in held
    assert token.secret_hash == api_tokens.hashed(secret)
    assert len({api_tokens.draw() for _ in range(100)}) == 100


def test_the_last_use_is_stored_to_the_minute() -> None:
    client, token = bearer("read")

    client.get("/api/v1/pastes")
    token.refresh_from_db()
    first = token.last_used_at
    client.get("/api/v1/pastes")
    token.refresh_from_db()
    again = token.last_used_at
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    client.get("/api/v1/pastes")
    token.refresh_from_db()

    assert first is not None
    assert again == first
    assert token.last_used_at is not None
    assert token.last_used_at > first


def test_a_token_may_have_its_own_rates(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.PASTEUR_LIMIT_CREATE = "1/day"
    far = "203.0.113.9"
    more, _ = bearer("write", limit_create="2/day", address=far)
    plain, _ = bearer("write", address=far)
    free, _ = bearer("write", limit_create="off", address=far)

    def sent(client: Client, times: int) -> list[int]:
        return [client.put("/a.txt", b"x", content_type="").status_code for _ in range(times)]

    assert sent(more, 3) == [201, 201, 429]
    assert sent(plain, 2) == [201, 429]
    assert sent(free, 4) == [201] * 4
    elsewhere = Client(headers={"authorization": more.defaults["HTTP_AUTHORIZATION"]})
    assert sent(elsewhere, 1) == [429]


def test_wrong_tokens_count_as_reads(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.PASTEUR_LIMIT_READ = "2/day"
    client = Client(REMOTE_ADDR="203.0.113.9", headers={"authorization": "Bearer guess"})

    assert [client.get("/api/v1/pastes").status_code for _ in range(3)] == [401, 401, 429]
