"""The page for a new paste, without JavaScript."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.models import Paste
from pastes.rules import languages
from tests.pastes.entry_points import submit
from tests.pastes.html_pages import Page
from tests.pastes.multipart import Part
from tests.pastes.row_counts import count_rows, nothing_stored

pytestmark = pytest.mark.django_db

UPLOADED = ["Content-Type: text/plain"]


def created_paste(response: Any) -> Paste:
    """Return the paste to which the form redirected."""
    assert response.status_code == 302
    key, page = response["Location"].removeprefix("/").split("/")
    assert page == "created"
    return Paste.objects.get(key=key)


def test_the_page_has_a_text_box_and_all_choices(client: Client) -> None:
    response = client.get("/")

    page = Page(response)
    assert response.status_code == 200
    assert page.values["files-0-content"] == ""
    assert {"title", "author", "comment", "visibility", "expires", "files-0-name", "csrfmiddlewaretoken"} <= set(
        page.values
    )
    assert (page.selected["visibility"], page.selected["expires"]) == ("unlisted", "never")
    offered = [attributes.get("value") for tag, attributes in page.tags if tag == "option"]
    assert set(languages.LANGUAGES) <= set(offered)


def test_a_form_with_only_text_creates_a_paste(client: Client) -> None:
    paste = created_paste(submit(client, Part("files-0-content", b"text")))

    assert [(file.name, file.language, file.content) for file in paste.files] == [("paste.txt", "plaintext", "text")]
    assert (paste.visibility, paste.burn, paste.expires_at) == ("unlisted", False, None)
    assert count_rows() == {"Paste": 1, "Revision": 1, "File": 1, "Change": 1}


def test_every_field_of_the_form_is_stored(client: Client) -> None:
    response = submit(
        client,
        Part("files-0-content", b"print()"),
        Part("files-0-name", b"hello.py"),
        Part("files-0-language", b"ruby"),
        title="A title",
        author="Ada",
        comment="one\r\ntwo",
        visibility="public",
        expires="1w",
        burn="on",
    )

    paste = created_paste(response)
    assert (paste.title, paste.author, paste.comment) == ("A title", "Ada", "one\r\ntwo")
    assert (paste.visibility, paste.burn) == ("public", True)
    assert paste.expires_at is not None
    assert abs(paste.expires_at - paste.created_at - timedelta(weeks=1)) < timedelta(seconds=1)
    assert [(file.name, file.language) for file in paste.files] == [("hello.py", "ruby")]


def test_several_files_are_one_paste_and_empty_boxes_are_ignored(client: Client) -> None:
    response = submit(
        client,
        Part("files-0-content", b"one"),
        Part("files-0-name", b"a.py"),
        Part("files-1-content", b""),
        Part("files-2-upload", b"three", file_name="c.rs", headers=UPLOADED),
        files=3,
    )

    assert [(file.name, file.language, file.content) for file in created_paste(response).files] == [
        ("a.py", "python", "one"),
        ("c.rs", "rust", "three"),
    ]


def test_an_uploaded_file_keeps_its_name_unless_one_is_typed(client: Client) -> None:
    chosen = Part("files-0-upload", "schön\r\n".encode(), file_name="schön.md", headers=UPLOADED)

    own = created_paste(submit(client, chosen))
    other = created_paste(submit(client, chosen, Part("files-0-name", b"other.txt")))

    assert [(file.name, file.content) for file in own.files] == [("schön.md", "schön\r\n")]
    assert [(file.name, file.language) for file in other.files] == [("other.txt", "plaintext")]


def test_an_empty_file_field_is_ignored(client: Client) -> None:
    empty = Part("files-0-upload", b"", file_name="", headers=["Content-Type: application/octet-stream"])

    paste = created_paste(submit(client, Part("files-0-content", b"text"), empty))

    assert [file.content for file in paste.files] == ["text"]


def test_a_file_is_added_without_javascript_and_without_losing_input(client: Client) -> None:
    text = "\r\n  <one> & \u202etwo\r\n"

    with nothing_stored():
        response = submit(
            client,
            Part("files-0-content", text.encode()),
            Part("files-0-name", b"a.py"),
            Part("files-0-language", b"ruby"),
            title='"A" <title>',
            author="Ada",
            comment="Hm & so",
            visibility="public",
            expires="1d",
            burn="on",
            add_file="1",
        )

    assert response.status_code == 200
    values = Page(response).values
    assert values["files-TOTAL_FORMS"] == "2"
    assert values["files-1-content"] == ""
    assert {name: values[name] for name in ("files-0-content", "files-0-name", "files-0-language")} == {
        "files-0-content": text,
        "files-0-name": "a.py",
        "files-0-language": "ruby",
    }
    assert {name: values[name] for name in ("title", "author", "comment", "visibility", "expires", "burn")} == {
        "title": '"A" <title>',
        "author": "Ada",
        "comment": "Hm & so",
        "visibility": "public",
        "expires": "1d",
        "burn": "on",
    }


def test_adding_a_file_shows_no_errors_for_empty_boxes(client: Client) -> None:
    response = submit(client, add_file="1")

    assert response.status_code == 200
    assert "is-invalid" not in response.content.decode()


def test_the_form_offers_at_most_fifty_files(client: Client) -> None:
    forty_nine = Page(submit(client, files=48, add_file="1"))
    fifty = Page(submit(client, files=49, add_file="1"))
    more = Page(submit(client, files=50, add_file="1"))

    assert "add_file" in [attributes.get("name") for _, attributes in forty_nine.tags]
    for page in (fifty, more):
        assert page.values["files-TOTAL_FORMS"] == "50"
        assert "add_file" not in [attributes.get("name") for _, attributes in page.tags]


def test_the_form_can_be_submitted_as_it_is_shown(client: Client) -> None:
    page = Page(submit(client, Part("files-0-content", b"one"), title="T", add_file="1"))
    fields = {name: value for name, value in page.values.items() if not name.endswith("upload")}

    paste = created_paste(client.post("/", fields | {"files-1-content": "two"}))

    assert [file.content for file in paste.files] == ["one", "two"]
    assert paste.title == "T"


def test_creating_a_paste_redirects_to_its_page(client: Client) -> None:
    response = client.post(
        "/?next=//evil.example/",
        {
            "files-TOTAL_FORMS": "1",
            "files-INITIAL_FORMS": "0",
            "files-0-content": "text",
            "visibility": "unlisted",
            "expires": "never",
            "next": "https://evil.example/",
        },
    )

    assert response["Location"] == f"{Paste.objects.get().get_absolute_url()}/created"


def test_head_gets_the_same_response_as_get(client: Client) -> None:
    response = client.head("/")

    assert (response.status_code, response.content) == (200, b"")


def test_the_curl_line_contains_the_configured_url(client: Client, settings: Settings) -> None:
    settings.PASTEUR_URL = "https://paste.example.org"

    page = Page(client.get("/"))

    assert "curl -T file https://paste.example.org/" in page.text
    assert "testserver" not in page.html


def test_the_operator_chooses_what_the_form_has_selected(client: Client, settings: Settings) -> None:
    settings.PASTEUR_DEFAULT_EXPIRES, settings.PASTEUR_DEFAULT_VISIBILITY = "30d", "public"

    page = Page(client.get("/"))

    assert (page.selected["expires"], page.selected["visibility"]) == ("30d", "public")
    assert Page(client.get("/?expires=1h")).selected["expires"] == "1h"  # A link has its own.


def test_an_empty_file_needs_another_with_a_text(client: Client) -> None:
    empty = Part("files-0-name", b"__init__.py")

    paste = created_paste(submit(client, empty, Part("files-1-content", b"x = 1\n"), files=2))
    with nothing_stored():
        refused = submit(client, empty)

    assert [(file.name, file.content) for file in paste.files] == [("__init__.py", ""), ("paste.txt", "x = 1\n")]
    assert refused.status_code == 422
    assert "There is no text to paste." in Page(refused).text


def test_only_a_browser_without_scripts_has_its_line_ends_undone(client: Client) -> None:
    plain = created_paste(submit(client, Part("files-0-content", b"a\r\nb\r\n"), line_ends="browser"))
    exact = created_paste(submit(client, Part("files-0-content", b"a\r\nb\r\n")))

    assert [plain.files[0].content, exact.files[0].content] == ["a\nb\n", "a\r\nb\r\n"]
