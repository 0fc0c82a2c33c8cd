"""What became of a paste: told to those who have its edit token, and to no one else."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.models import Paste
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PAGE = {"accept": BROWSER_ACCEPT}
JSON = {"accept": "application/json"}


def expire(paste: Paste) -> None:
    Paste.objects.filter(pk=paste.pk).update(expires_at=timezone.now() - timedelta(hours=1))


def expire_and_erase(paste: Paste) -> None:
    expire(paste)
    writing.erase_expired()


ENDS: list[tuple[Callable[[Paste], Any], str, str]] = [
    (writing.burn, "burned", "This paste was read and has burned."),
    (expire, "expired", "This paste expired on"),
    (expire_and_erase, "expired", "This paste expired on"),
    (writing.remove, "removed", "This paste was deleted."),
    (writing.hide, "hidden", "A moderator has hidden this paste."),
]


def asked(client: Client, key: str, token: str, headers: dict[str, str]) -> Any:
    return client.post(f"/{key}/gone", {"token": token}, headers=headers)


@pytest.mark.parametrize(("end", "state", "message"), ENDS)
def test_the_author_is_told(client: Client, end: Callable[[Paste], Any], state: str, message: str) -> None:
    paste = publish_text("text", burn=end is writing.burn)
    end(paste)

    page, answer = asked(client, paste.key, paste.token, PAGE), asked(client, paste.key, paste.token, JSON)

    assert page.status_code == 200
    assert message in Page(page).text
    assert answer.json()["state"] == state
    assert page["Cache-Control"] == answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("headers", [PAGE, JSON], ids=["page", "json"])
def test_others_get_one_answer_whatever_was_there(client: Client, headers: dict[str, str]) -> None:
    keys = ["0" * 10]
    for end, _, _ in ENDS:
        paste = publish_text("text", burn=end is writing.burn)
        end(paste)
        keys.append(paste.key)
    keys.append(publish_text("text").key)

    answers = [asked(client, key, "guess", headers) for key in keys]

    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.content.decode().replace(key, "KEY") for key, answer in zip(keys, answers, strict=True)}) == 1


def test_the_page_where_nothing_is_asks_for_the_token_whether_or_not_there_was_a_paste(client: Client) -> None:
    paste = publish_text("text")
    writing.remove(paste)

    was, never = client.get(f"/{paste.key}", headers=PAGE), client.get("/0000000000", headers=PAGE)

    assert (was.status_code, never.status_code) == (404, 404)
    assert "I have the edit link" in Page(was).text
    assert was.content.decode().replace(paste.key, "0000000000") == never.content.decode()
    assert "I have the edit link" not in Page(client.get("/no/such/page", headers=PAGE)).text


def test_wrong_tokens_are_limited_as_everywhere(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.PASTEUR_LIMIT_DELETE = tmp_path, "3/hour"
    paste = publish_text("text")
    far = Client(REMOTE_ADDR="203.0.113.5")

    statuses = [asked(far, paste.key, f"guess {number}", JSON).status_code for number in range(3)]

    assert statuses == [403] * 3
    assert asked(far, paste.key, paste.token, JSON).status_code == 429
