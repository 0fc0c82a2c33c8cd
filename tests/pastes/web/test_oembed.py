"""oEmbed: other sites can embed a public paste by its URL."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from tests.pastes.ciphertexts import sealed
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page

pytestmark = pytest.mark.django_db


def get_oembed(client: Client, url: str, **query: str) -> Any:
    """Request the oEmbed description of a URL."""
    return client.get("/oembed", {"url": url, **query})


def test_the_page_of_a_public_paste_links_to_its_oembed_description(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("one\n" * 5, "a.py")], title='A "b" <c>', author="Ada", visibility="public"))
    page = Page(client.get(f"/{paste.key}"))
    (link,) = [description for tag, description in page.tags if description.get("type") == "application/json+oembed"]

    response = client.get(str(link["href"]))

    description = response.json()
    frame = description.pop("html")
    assert description == {
        "version": "1.0",
        "type": "rich",
        "title": 'A "b" <c>',
        "author_name": "Ada",
        "provider_name": "Pasteur",
        "provider_url": "http://testserver/",
        "cache_age": 86_400,
        "width": 720,
        "height": 80 + 6 * 22,
    }
    assert f'<iframe src="http://testserver/{paste.key}/embed" title="A &quot;b&quot; &lt;c&gt;" width="720"' in frame
    assert "<c>" not in frame


def test_the_description_is_available_as_xml(client: Client) -> None:
    paste = publish_text("x", title="<T> & \uffff", visibility="public")
    url = f"http://testserver/{paste.key}"

    response = get_oembed(client, url, format="xml")

    assert response["Content-Type"] == "text/xml; charset=utf-8"
    elements = {element.tag: element.text for element in ET.fromstring(response.content)}
    assert elements["title"] == "<T> & \ufffd"
    json_description = get_oembed(client, url).json()
    assert elements["html"] == json_description["html"].replace("\uffff", "\ufffd")
    assert elements.keys() == json_description.keys()


@pytest.mark.parametrize(
    ("limits", "width", "height"),
    [
        ({}, 720, 600),
        ({"maxwidth": "300", "maxheight": "200"}, 300, 200),
        ({"maxwidth": "5000", "maxheight": "5000"}, 720, 600),
        ({"maxwidth": "-1", "maxheight": "much"}, 720, 600),
    ],
)
def test_the_frame_stays_within_the_requested_size(
    client: Client, limits: dict[str, str], width: int, height: int
) -> None:
    paste = publish_text("x\n" * 1_000, visibility="public")

    description = get_oembed(client, f"http://testserver/{paste.key}", **limits).json()

    assert (description["width"], description["height"]) == (width, height)
    assert f'width="{width}" height="{height}"' in description["html"]


def test_an_unknown_format_returns_501(client: Client) -> None:
    paste = publish_text("x", visibility="public")

    response = get_oembed(client, f"http://testserver/{paste.key}", format="yaml")

    assert response.status_code == 501


def test_only_public_pastes_are_described(client: Client) -> None:
    hidden = publish_text("x", visibility="public")
    writing.hide(hidden)
    others = [
        publish_text("x"),
        publish_text("x", visibility="public", burn=True),
        publish_text(sealed(), visibility="public", encrypted=True),
        hidden,
    ]

    for paste in others:
        assert get_oembed(client, f"http://testserver/{paste.key}").status_code == 404
        assert "oembed" not in client.get(f"/{paste.key}").content.decode()


def test_only_urls_of_pastes_on_this_site_are_described(client: Client) -> None:
    key = publish_text("x", visibility="public").key

    for url in (
        f"http://testserver/{key}",
        f"https://TESTSERVER/{key}#a-L1",
        f"http://testserver/{key}/embed?file=a",
    ):
        assert get_oembed(client, url).status_code == 200
    for url in (
        "",
        key,
        f"/{key}",
        f"http://evil.example/{key}",
        f"http://testserver@evil.example/{key}",
        f"http://testserver.evil.example/{key}",
        f"ftp://testserver/{key}",
        f"http://testserver/{key}/raw",
        "http://testserver/",
        "http://testserver/recent",
        "http://[testserver/",
    ):
        assert get_oembed(client, url).status_code == 404, url
    assert client.get("/oembed").status_code == 404


def test_the_cache_age_does_not_exceed_the_remaining_lifetime(client: Client) -> None:
    paste = publish_text("x", visibility="public", lifetime=timedelta(minutes=10))

    assert 500 < get_oembed(client, f"http://testserver/{paste.key}").json()["cache_age"] <= 600


def test_the_provider_is_the_configured_site(client: Client, settings: Any) -> None:
    settings.PASTEUR_URL = "https://paste.example.org"
    settings.PASTEUR_TITLE = "Ours"
    key = publish_text("x", visibility="public").key

    description = json.loads(client.get(f"/oembed?url={quote(f'https://paste.example.org/{key}', safe='')}").content)

    assert (description["provider_name"], description["provider_url"]) == ("Ours", "https://paste.example.org/")
    assert get_oembed(client, f"http://testserver/{key}").status_code == 404
