"""304 for a known ETag, but never for a removed paste."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gitsync.models import Change
from pastes.lifecycle import writing
from pastes.models import Paste
from tests.pastes.factories import publish_text

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def paths(paste: Paste) -> list[str]:
    """Return the URLs where a paste can be read."""
    texts = [f"/{paste.key}/raw", f"/{paste.key}/raw/a.txt", f"/raw/{paste.key}"]
    return [f"/api/v1/pastes/{paste.key}", f"/{paste.key}", *texts]


def test_a_response_with_a_known_etag_is_not_sent_again(client: Client) -> None:
    paste = publish_text("text", "a.txt")

    for path in paths(paste):
        first = client.get(path)
        for known in (first["ETag"], f'"other", {first["ETag"]}', f"W/{first['ETag']}", "*", " * "):
            again = client.get(path, headers={"if-none-match": known})
            assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        for unknown in ('"1"', '"other"', "", "nonsense"):
            assert client.get(path, headers={"if-none-match": unknown}).status_code == 200
        assert first["Cache-Control"] == "no-cache"


def test_an_edit_and_a_commit_change_the_etag(client: Client) -> None:
    paste = publish_text("text", "a.txt")
    path = f"/api/v1/pastes/{paste.key}"
    etags = [client.get(path)["ETag"]]

    writing.revise(paste, title="New")
    etags.append(client.get(path, headers={"if-none-match": etags[-1]})["ETag"])
    Change.objects.update(settled_at=timezone.now(), commit="c" * 40)
    news = client.get(path, headers={"if-none-match": etags[-1]})
    etags.append(news["ETag"])

    assert etags == ['"1-waiting"', '"2-waiting"', f'"2-{"c" * 40}"']
    assert news.json()["mirror"] == {"state": "mirrored", "commit": "c" * 40}


@pytest.mark.parametrize("how", ["hidden", "removed", "expired"])
def test_a_removed_paste_is_never_304(client: Client, how: str) -> None:
    paste = publish_text("text", "a.txt", lifetime=timedelta(hours=1))
    etags = {path: client.get(path)["ETag"] for path in paths(paste)}

    if how == "expired":
        Paste.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        {"hidden": writing.hide, "removed": writing.remove}[how](paste)

    for path, etag in etags.items():
        assert client.get(path, headers={"if-none-match": etag}).status_code == 404
        assert client.get(path, headers={"if-none-match": "*"}).status_code == 404


def test_head_has_the_headers_of_get_without_the_text(client: Client) -> None:
    paste = publish_text("text", "a.txt")

    for path in paths(paste):
        head, whole = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert [head[name] for name in ("ETag", "Content-Type", "Content-Length")] == [
            whole[name] for name in ("ETag", "Content-Type", "Content-Length")
        ]
        assert client.head(path, headers={"if-none-match": whole["ETag"]}).status_code == 304
