"""`POST /hooks/git`, and asking for what is not here: both only ring for a look at the remote."""

import hashlib
import hmac

import pytest
from django.test import Client
from pytest_django import Settings

from gitsync.outbox import wakeup

pytestmark = [pytest.mark.django_db]

SECRET = "correct horse battery"
BODY = b'{"ref": "refs/heads/main"}'
SIGNATURE = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with every ring."""
    heard: list[str] = []
    monkeypatch.setattr(wakeup, "ring_for_look", lambda: heard.append("look"))
    monkeypatch.setattr(wakeup, "ring_for_missed", lambda: heard.append("missed"))
    return heard


def push(client: Client, **headers: str) -> int:
    """Send the webhook and return the status of the answer."""
    return client.post("/hooks/git", BODY, content_type="application/json", headers=headers).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": f"sha256={SIGNATURE}"},
        {"X-Gitea-Signature": SIGNATURE},
        {"X-Gitlab-Token": SECRET},
    ],
)
def test_every_forge_rings(client: Client, settings: Settings, rings: list[str], headers: dict[str, str]) -> None:
    settings.GITSYNC_HOOK_SECRET = SECRET

    assert push(client, **headers) == 202
    assert rings == ["look"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": SIGNATURE},
        {"X-Hub-Signature-256": f"sha1={SIGNATURE}"},
        {"X-Gitea-Signature": f"{SIGNATURE[:-1]}0" if SIGNATURE[-1] != "0" else f"{SIGNATURE[:-1]}1"},
        {"X-Gitea-Signature": ""},
        {"X-Gitlab-Token": f"{SECRET} "[:-2]},
        {"X-Gitlab-Token": "é"},
    ],
)
def test_nobody_else_does(client: Client, settings: Settings, rings: list[str], headers: dict[str, str]) -> None:
    settings.GITSYNC_HOOK_SECRET = SECRET

    assert push(client, **headers) == 403
    assert rings == []


def test_without_a_secret_there_is_no_hook(client: Client, settings: Settings, rings: list[str]) -> None:
    settings.GITSYNC_HOOK_SECRET = ""

    assert push(client, **{"X-Gitlab-Token": ""}) == 404
    assert rings == []


def test_asking_for_an_unknown_key_rings(client: Client, settings: Settings, rings: list[str]) -> None:
    assert client.get("/zzzzzzzzzz").status_code == 404
    assert client.get("/api/v1/pastes/zzzzzzzzzz").status_code == 404
    client.get("/no-key")
    settings.GITSYNC_READ_BACK = False
    client.get("/zzzzzzzzzz")

    assert rings == ["missed", "missed"]
