"""Keys that are already taken: another one is generated, and no paste is ever overwritten."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.errors import KeysExhaustedError
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from pastes.rules import keys
from tests.pastes.entry_points import BROWSER_ACCEPT, ENTRY_POINTS, EntryPoint, entry_point_name
from tests.pastes.row_counts import count_rows, nothing_stored

pytestmark = pytest.mark.django_db

TAKEN, FREE = "0123456789", "9876543210"


def draw_in_turn(monkeypatch: pytest.MonkeyPatch, drawn: Sequence[str]) -> Iterator[str]:
    """Make these keys be generated, one after the other."""
    turns = iter(drawn)
    monkeypatch.setattr(keys, "draw", lambda: next(turns))
    return turns


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> Paste:
    """Return a paste whose key is TAKEN."""
    with monkeypatch.context() as patched:
        draw_in_turn(patched, [TAKEN])
        return writing.publish(Draft([NewFile("old")], title="old"))


@pytest.mark.parametrize("collisions", [1, 4])
def test_a_taken_key_is_replaced(client: Client, old: Paste, monkeypatch: pytest.MonkeyPatch, collisions: int) -> None:
    draw_in_turn(monkeypatch, [TAKEN] * collisions + [FREE])

    response = client.put("/", b"new", content_type="")

    assert response.status_code == 201
    assert client.get(f"/{FREE}/raw").content == b"new"
    assert client.get(f"/{TAKEN}/raw").content == b"old"
    assert count_rows() == {"Paste": 2, "Revision": 2, "File": 2, "Change": 2}


@pytest.mark.parametrize("entry_point", ENTRY_POINTS, ids=entry_point_name)
def test_after_five_taken_keys_an_error_is_raised(
    client: Client, old: Paste, monkeypatch: pytest.MonkeyPatch, entry_point: EntryPoint
) -> None:
    turns = draw_in_turn(monkeypatch, [TAKEN] * 5 + [FREE])

    with nothing_stored():
        response: Any = entry_point.send(client, b"new")

    assert response.status_code == 503
    assert response["Retry-After"]
    assert next(turns) == FREE
    assert client.get(f"/{TAKEN}/raw").content == b"old"


def test_running_out_of_keys_is_503_in_the_callers_format(
    client: Client, old: Paste, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_in_turn(monkeypatch, [TAKEN] * 15)

    api = client.post("/api/v1/pastes", {"files": [{"content": "x"}]}, content_type="application/json")
    line = client.put("/", b"x", content_type="")
    page = client.put("/", b"x", content_type="", headers={"accept": BROWSER_ACCEPT})

    assert api.json()["error"]["code"] == "unavailable"
    assert line.content.decode().count("\n") == 1
    assert page["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("end", [writing.hide, writing.remove])
def test_a_key_is_not_reused_when_its_paste_is_gone(old: Paste, monkeypatch: pytest.MonkeyPatch, end: object) -> None:
    assert callable(end)
    end(old)
    draw_in_turn(monkeypatch, [TAKEN] * 5)

    with nothing_stored(), pytest.raises(KeysExhaustedError):
        writing.publish(Draft([NewFile("new")]))


@pytest.mark.parametrize("length", [8, 10, 32])
def test_keys_have_the_configured_length(client: Client, settings: Settings, length: int) -> None:
    settings.PASTEUR_KEY_LENGTH = length

    paste = writing.publish(Draft([NewFile("x")]))

    assert len(paste.key) == length
    assert client.get(f"/{paste.key}").status_code == 200
