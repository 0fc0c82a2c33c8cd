"""New pastes without a surrounding test transaction: what is stored if something fails, on both databases."""

from collections.abc import Iterator

import pytest
from django.dispatch import Signal

from pastes.errors import KeysExhaustedError
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste, Visibility
from pastes.rules import keys
from pastes.signals import paste_published, paste_stored
from tests.pastes.row_counts import count_rows, nothing_stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture(params=list(Visibility))
def visibility(request: pytest.FixtureRequest) -> str:
    """Return each visibility: public pastes are added to the word index as well."""
    return str(request.param)


@pytest.fixture
def make_receiver_fail(request: pytest.FixtureRequest) -> Iterator[None]:
    """Make a receiver of the signal raise an error."""
    signal: Signal = request.param

    def fail(**kwargs: object) -> None:
        raise RuntimeError("no")

    signal.connect(fail)
    yield
    signal.disconnect(fail)


def publish(text: str, visibility: str) -> Paste:
    """Publish a paste with two files."""
    return writing.publish(Draft([NewFile(text), NewFile(text)], visibility=visibility))


def test_everything_is_stored_together(visibility: str) -> None:
    paste = publish("text", visibility)

    assert count_rows() == {"Paste": 1, "Revision": 1, "File": 2, "Change": 1}
    assert [file.content for file in Paste.objects.get(key=paste.key).files] == ["text", "text"]


def test_a_taken_key_is_replaced_and_nothing_is_overwritten(monkeypatch: pytest.MonkeyPatch, visibility: str) -> None:
    drawn = iter(["0123456789"] * 3 + ["9876543210"])
    monkeypatch.setattr(keys, "draw", lambda: next(drawn))

    first, second = publish("first", visibility), publish("second", visibility)

    assert (first.key, second.key) == ("0123456789", "9876543210")
    assert sorted(File.objects.values_list("content", flat=True)) == ["first", "first", "second", "second"]


def test_after_five_taken_keys_nothing_is_stored(monkeypatch: pytest.MonkeyPatch, visibility: str) -> None:
    monkeypatch.setattr(keys, "draw", lambda: "0123456789")
    publish("first", visibility)

    with nothing_stored(), pytest.raises(KeysExhaustedError):
        publish("second", visibility)


@pytest.mark.parametrize("make_receiver_fail", [paste_published], indirect=True)
def test_if_a_receiver_fails_before_the_commit_nothing_is_stored(make_receiver_fail: None, visibility: str) -> None:
    with nothing_stored(), pytest.raises(RuntimeError):
        publish("text", visibility)


@pytest.mark.parametrize("make_receiver_fail", [paste_stored], indirect=True)
def test_if_a_receiver_fails_afterwards_it_is_logged_and_the_author_gets_the_paste(
    make_receiver_fail: None, visibility: str, caplog: pytest.LogCaptureFixture
) -> None:
    paste = publish("text", visibility)

    assert Paste.objects.filter(key=paste.key).exists()
    assert "RuntimeError: no" in caplog.text
