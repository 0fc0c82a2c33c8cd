"""Pastes embedded in pages on other sites, and the script that embeds them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests.pastes.ciphertexts import CT, sealed
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page
from tests.pastes.http.test_headers import policy
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db


def framed(client: Client, path: str, status: int = 200) -> Page:
    """Return the page in a frame; fail unless any site may frame it and it runs only our scripts."""
    response: Any = client.get(path, headers={"accept": BROWSER_ACCEPT})
    assert response.status_code == status
    rules = policy(response)
    assert rules["frame-ancestors"] == ["*"]
    assert rules["form-action"] == rules["default-src"] == ["'none'"]
    assert rules["script-src"] == ["'self'"]
    assert "X-Frame-Options" not in response
    assert not response.cookies
    return Page(response)


@pytest.mark.parametrize("visibility", ["public", "unlisted"])
def test_any_readable_paste_is_embedded_with_all_files(client: Client, visibility: str) -> None:
    paste = writing.publish(
        Draft([NewFile("one", "a.py"), NewFile("<b>two", "b.txt")], title="T", visibility=visibility)
    )

    page = framed(client, f"/{paste.key}/embed")

    assert page.pre == ["one", "<b>two"]
    assert "T" in page.text
    assert page.links() == [f"/{paste.key}"] * 2
    assert "noindex" in page.html


def test_one_file_of_several_is_embedded_by_its_name(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("one", "a&b.py"), NewFile("two", "b.txt")]))

    assert framed(client, f"/{paste.key}/embed?file=a%26b.py").pre == ["one"]
    assert "no file with that name" in framed(client, f"/{paste.key}/embed?file=c", status=404).text


def test_burning_and_encrypted_pastes_are_never_embedded(client: Client) -> None:
    burning = publish_text("secret", "a.txt", burn=True, title="secret", visibility="public")
    encrypted = publish_text(sealed(), encrypted=True, visibility="public")

    with nothing_stored():
        for paste, why in ((burning, "burns after reading"), (encrypted, "is encrypted")):
            page = framed(client, f"/{paste.key}/embed", status=403)
            assert why in page.text
            assert page.links() == [f"/{paste.key}"]
            assert "secret" not in page.html
            assert CT not in page.html


@pytest.mark.parametrize("how", ["hidden", "removed", "expired", "never made"])
def test_the_frame_reports_a_removed_paste(client: Client, how: str) -> None:
    paste = publish_text("secret", lifetime=timedelta(hours=1))
    if how == "expired":
        Paste.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "never made":
        Paste.objects.update(key="z" * 10)
    else:
        {"hidden": writing.hide, "removed": writing.remove}[how](paste)

    page = framed(client, f"/{paste.key}/embed", status=404)

    assert "There is nothing at this address" in page.text
    assert "secret" not in page.html


@pytest.mark.parametrize("text", ["</pre><img src=x onerror=alert(1)>", "<script>alert(1)</script>"])
def test_a_hostile_paste_is_harmless_in_a_frame(client: Client, text: str) -> None:
    paste = publish_text(text, name=text.replace("/", ""), title=text, author=text)

    page = framed(client, f"/{paste.key}/embed")

    assert page.pre == [text]
    assert not page.foreign_elements()


def test_the_frame_reports_a_missing_permission(client: Client, settings: Any) -> None:
    paste = publish_text("secret")
    settings.PASTEUR_MAY_READ = "token"

    page = framed(client, f"/{paste.key}/embed", status=401)

    assert "Reading pastes here requires" in page.text
    assert "secret" not in page.html


def test_the_script_is_the_same_for_every_key_and_causes_no_query(
    client: Client, django_assert_num_queries: Any
) -> None:
    paste = publish_text("secret", title="T")

    with django_assert_num_queries(0):
        answers = [client.get(f"/{key}/embed.js") for key in (paste.key, "0123456789")]

    assert answers[0].content == answers[1].content != b""
    assert answers[0]["Content-Type"] == "text/javascript; charset=utf-8"
    assert answers[0]["X-Content-Type-Options"] == "nosniff"
    assert "max-age" in answers[0]["Cache-Control"]


@pytest.mark.parametrize("key", ["abc", "x'-alert(1)-'", "%3Cscript%3E", "ABCDEFGHJK"])
def test_an_impossible_key_has_no_script(client: Client, key: str) -> None:
    assert client.get(f"/{key}/embed.js").status_code == 404
    assert client.get(f"/{key}/embed").status_code == 404


def test_the_paste_page_contains_the_embed_code(client: Client, settings: Any) -> None:
    settings.PASTEUR_URL = "https://paste.example.org"
    paste, burning = publish_text("x"), publish_text("x", burn=True)
    encrypted = publish_text(sealed(), encrypted=True)

    page = Page(client.get(f"/{paste.key}"))

    assert f'<script src="https://paste.example.org/{paste.key}/embed.js" async></script>' in page.text
    assert f'<iframe src="https://paste.example.org/{paste.key}/embed"' in page.text
    for other in (burning, encrypted):
        assert "embed" not in Page(client.get(f"/{other.key}")).text
