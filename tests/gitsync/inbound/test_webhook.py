"""`POST /hooks/git` and requests for unknown keys both request a fetch from the remote."""

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
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that collects all requests for a fetch."""
    received: list[str] = []
    monkeypatch.setattr(wakeup.fetch, "request", lambda: received.append("look"))
    monkeypatch.setattr(wakeup.fetch_missed, "request", lambda: received.append("missed"))
    return received


def send_webhook(client: Client, **headers: str) -> int:
    """Send the webhook and return the status of the response."""
    return client.post("/hooks/git", BODY, content_type="application/json", headers=headers).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": f"sha256={SIGNATURE}"},
        {"X-Hub-Signature": f"sha256={SIGNATURE}"},  # Bitbucket
        {"X-Gitea-Signature": SIGNATURE},
        {"X-Gogs-Signature": SIGNATURE},
        {"X-Gitlab-Token": SECRET},
    ],
)
def test_the_webhooks_of_all_forges_request_a_fetch(
    client: Client, settings: Settings, requests: list[str], headers: dict[str, str]
) -> None:
    settings.GITSYNC_HOOK_SECRET = SECRET

    assert send_webhook(client, **headers) == 202
    assert requests == ["look"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": SIGNATURE},
        {"X-Hub-Signature-256": f"sha1={SIGNATURE}"},
        {"X-Gitea-Signature": f"{SIGNATURE[:-1]}0" if SIGNATURE[-1] != "0" else f"{SIGNATURE[:-1]}1"},
        {"X-Gitea-Signature": ""},
        {"X-Gogs-Signature": SIGNATURE.upper()},
        {"X-Hub-Signature": SIGNATURE},
        {"X-Gitlab-Token": f"{SECRET} "[:-2]},
        {"X-Gitlab-Token": "é"},
    ],
)
def test_a_webhook_without_the_secret_is_refused(
    client: Client, settings: Settings, requests: list[str], headers: dict[str, str]
) -> None:
    settings.GITSYNC_HOOK_SECRET = SECRET

    assert send_webhook(client, **headers) == 403
    assert requests == []


def test_a_webhook_over_the_limit_gets_a_message_about_webhooks(
    client: Client, settings: Settings, requests: list[str]
) -> None:
    settings.GITSYNC_HOOK_SECRET = SECRET
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = len(BODY) - 1

    response = client.post("/hooks/git", BODY, content_type="application/json", headers={"X-Gitlab-Token": SECRET})

    assert response.status_code == 413
    assert f"A webhook body may be at most {len(BODY) - 1} bytes long" in response.content.decode()
    assert "paste may" not in response.content.decode()
    assert requests == []


def test_the_webhook_is_not_found_without_a_secret(client: Client, settings: Settings, requests: list[str]) -> None:
    settings.GITSYNC_HOOK_SECRET = ""

    assert send_webhook(client, **{"X-Gitlab-Token": ""}) == 404
    assert requests == []


def test_a_request_for_an_unknown_key_requests_a_fetch(client: Client, settings: Settings, requests: list[str]) -> None:
    assert client.get("/zzzzzzzzzz").status_code == 404
    assert client.get("/api/v1/pastes/zzzzzzzzzz").status_code == 404
    client.get("/no-key")
    settings.GITSYNC_READ_BACK = False
    client.get("/zzzzzzzzzz")

    assert requests == ["missed", "missed"]
