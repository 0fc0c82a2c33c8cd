"""The revisions of a paste: the list, one revision, and the comparison of two."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste, Revision
from tests.pastes.ciphertexts import sealed
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def edited(*texts: str, name: str = "a.txt", **facts: Any) -> Paste:
    """Return a paste with one file and a revision for each text."""
    paste = publish_text(texts[0], name, **facts)
    for text in texts[1:]:
        paste = writing.revise(paste, [NewFile(text, name)])
    return paste


def shown(client: Client, path: str, *, status: int = 200) -> Page:
    """Return a parsed page."""
    response = client.get(path, headers={"accept": BROWSER_ACCEPT})
    assert (response.status_code, response["Content-Type"]) == (status, "text/html; charset=utf-8")
    return Page(response)


def lines(page: Page) -> list[str]:
    """Return the changed lines of an inline diff."""
    found = []
    for row in page.html.split("<tr>")[1:]:
        for tag, sign in (("del", "-"), ("ins", "+")):
            if f"<{tag}>" in row:
                found.append(sign + row.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0])
    return found


def test_all_revisions_are_listed_with_author_date_and_changes(client: Client) -> None:
    paste = publish_text("one\n", "a.txt", title="T & <t>", author="Ada <a>")
    writing.revise(paste, [NewFile("two\n", "a.txt"), NewFile("x = 1\n", "b.py")])
    writing.revise(paste, [NewFile("x = 1\n", "c.py")])
    writing.revise(paste, [NewFile("x = 1\n", "c.py", "ruby")])
    writing.revise(paste, title="Another")
    Revision.objects.filter(number=2).update(author="Grace")

    page = shown(client, f"/{paste.key}/revisions")

    told = [
        ("Revision 5", "Ada <a>", "No file changed"),
        ("Revision 4", "Ada <a>", "c.py: language changed to Ruby"),
        ("Revision 3", "Ada <a>", "b.py renamed to c.py"),
        ("Revision 2", "Grace", "b.py: added"),
        ("Revision 1", "Ada <a>", "Initial version"),
    ]
    parts = page.text.partition("Revision 5")
    rest = parts[1] + parts[2]
    for number, (words, following) in enumerate(zip(told, [*told[1:], ("From revision 4",)], strict=True)):
        entry, _, _ = rest.partition(following[0])
        assert all(word in entry for word in words), (number, entry)
        assert f"{timezone.now().year}" in entry
        rest = rest[len(entry) :]
    assert "a.txt: removed" in page.text
    assert '<meta name="robots" content="noindex">' in page.html


def test_an_edited_paste_links_to_its_revisions(client: Client) -> None:
    assert f"/{(paste := publish_text('x')).key}/revisions" not in shown(client, f"/{paste.key}").links()
    assert f"/{(paste := edited('x', 'y')).key}/revisions" in shown(client, f"/{paste.key}").links()


def test_an_unedited_paste_has_one_revision(client: Client) -> None:
    page = shown(client, f"/{publish_text('x').key}/revisions")

    assert "Initial version" in page.text
    assert "Compare" not in page.text


def test_any_two_revisions_can_be_compared_and_the_default_is_the_last_edit(client: Client) -> None:
    key = edited("one\n", "two\n", "three\n").key

    assert lines(shown(client, f"/{key}/revisions")) == ["-two", "+three"]
    assert lines(shown(client, f"/{key}/revisions?from=1&to=3&view=inline")) == ["-one", "+three"]
    assert lines(shown(client, f"/{key}/revisions?from=3&to=1")) == ["-three", "+one"]
    assert lines(shown(client, f"/{key}/revisions?to=2")) == ["-one", "+two"]
    assert lines(shown(client, f"/{key}/revisions?from=1")) == ["-one", "+three"]


def test_the_split_view_shows_changed_lines_side_by_side(client: Client) -> None:
    key = edited("same\nvalue = 1\n", "same\nvalue = 2\n").key

    page = shown(client, f"/{key}/revisions?from=1&to=2&view=split")

    row = page.html.partition("value = ")[0].rpartition("<tr>")[2] + page.html.partition("value = ")[2]
    row = row.partition("</tr>")[0]
    assert row.index("<b>1</b></del>") < row.index("<b>2</b></ins>")
    assert 'aria-label="removed"' in row
    assert 'aria-label="added"' in row
    assert page.values["view"] == "split"
    assert (page.values["from"], page.values["to"]) == ("1", "2")


def test_content_and_names_are_escaped(client: Client) -> None:
    evil = "<img src=x onerror=alert(1)>"
    key = edited("x\n", f"{evil}\n", name=evil.replace("/", "")).key

    for view in ("inline", "split"):
        page = shown(client, f"/{key}/revisions?view={view}")
        assert page.foreign_elements() == []
        assert evil in page.text
    assert shown(client, f"/{key}/revisions/2").foreign_elements() == []


def test_hidden_characters_cause_a_warning(client: Client) -> None:
    key = edited("ab\n", "a\u202eb\n", "ab\n").key

    for path in ("revisions", "revisions/2"):
        assert "characters that change the writing direction" in shown(client, f"/{key}/{path}").text
    assert "a[U+202E]b" in shown(client, f"/{key}/revisions").text


def test_comparing_a_revision_with_itself_is_reported(client: Client) -> None:
    page = shown(client, f"/{edited('x', 'y').key}/revisions?from=2&to=2")

    assert "Please choose two different revisions." in page.text
    assert lines(page) == []


@pytest.mark.parametrize("query", ["from=9&to=1", "from=1&to=0", "from=-1", "to=x", f"from={'9' * 5000}", "to=٣"])
def test_a_missing_revision_is_404_with_the_list_of_the_others(client: Client, query: str) -> None:
    page = shown(client, f"/{edited('x', 'y').key}/revisions?{query}", status=404)

    assert "This paste has no revision" in page.text
    assert "Revision 2" in page.text


def test_many_revisions_are_listed_in_pages(client: Client) -> None:
    key = edited(*(f"{number}\n" for number in range(1, 33))).key

    first = shown(client, f"/{key}/revisions")
    second = shown(client, f"/{key}/revisions?before=3")

    assert "?before=3" in first.links()
    assert [f"/{key}/revisions/3" in page.links() for page in (first, second)] == [True, False]
    assert [f"/{key}/revisions/2" in page.links() for page in (first, second)] == [False, True]
    assert "Initial version" in second.text
    assert "There are no older revisions." in shown(client, f"/{key}/revisions?before=1").text


def test_a_long_diff_is_truncated_with_a_note(client: Client) -> None:
    key = edited("".join(f"{n}\n" for n in range(5_000)), "".join(f"{n}!\n" for n in range(5_000))).key

    page = shown(client, f"/{key}/revisions")

    assert "The comparison is too long to be shown in full." in page.text
    assert "The rest is not shown." in page.text
    assert "+5000 −5000 lines" in page.text
    assert f"/api/v1/pastes/{key}/diff?before=1&after=2" in page.links()
    assert len(page.html) < 1_000_000


def test_a_revision_page_shows_its_own_files(client: Client) -> None:
    key = edited("old <text>\n", "new\n", name="a b.txt").key

    page = shown(client, f"/{key}/revisions/1")

    assert page.pre == ["old <text>\n"]
    assert "revision 1 of 2" in page.text
    assert "This is an earlier revision." in page.text
    assert f"/{key}" in page.links()
    assert f"/{key}/revisions/1/raw/a%20b.txt" in page.links()
    assert '<meta name="robots" content="noindex">' in page.html
    assert "This is an earlier revision." not in shown(client, f"/{key}/revisions/2").text


def test_the_content_of_a_revision_is_returned_byte_for_byte(client: Client) -> None:
    key = edited("old\r\n\ttext\u202e", "new", name="a.txt").key

    answers = [client.get(f"/{key}/revisions/1/raw{end}") for end in ("", "/a.txt")]
    program = client.get(f"/{key}/revisions/1", headers={"accept": "*/*"})

    for answer in (*answers, program):
        assert answer.content.decode() == "old\r\n\ttext\u202e"
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert "sandbox" in answer["Content-Security-Policy"]
    not_modified = client.get(f"/{key}/revisions/1/raw", headers={"if-none-match": answers[0]["ETag"]})
    assert not_modified.status_code == 304


@pytest.mark.parametrize(
    "end", ["3", "0", "99999999999999999999", "9" * 5000, "3/raw", "1/raw/b.txt", "0/raw", "-1", "x"]
)
def test_a_missing_revision_or_file_is_404(client: Client, end: str) -> None:
    key = edited("x", "y").key

    for accept in (BROWSER_ACCEPT, "*/*"):
        assert client.get(f"/{key}/revisions/{end}", headers={"accept": accept}).status_code == 404


def test_a_program_gets_a_diff_that_patch_applies(client: Client) -> None:
    key = edited("one\n", "two\n").key

    answer = client.get(f"/{key}/revisions?from=1&to=2", headers={"accept": "*/*"})

    assert answer.content.decode() == "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n"
    assert "Accept" in answer["Vary"]
    assert client.get(f"/{key}/revisions?from=7", headers={"accept": "*/*"}).status_code == 404


def test_encrypted_revisions_are_listed_and_not_compared(client: Client) -> None:
    paste = writing.publish(Draft([NewFile(sealed(ct="YWFh" * 8))], encrypted=True))
    writing.revise(paste, [NewFile(sealed(ct="YmJi" * 8))])

    page = shown(client, f"/{paste.key}/revisions?from=1&to=2")

    assert "so the server cannot compare" in page.text
    assert "Revision 1" in page.text
    assert lines(page) == []
    assert "YWFh" not in page.html
    assert shown(client, f"/{paste.key}/revisions/1").pre == [sealed(ct="YWFh" * 8)]
    assert client.get(f"/{paste.key}/revisions", headers={"accept": "*/*"}).status_code == 422


def test_revisions_of_a_burning_paste_are_not_shown(client: Client) -> None:
    paste = edited("secret one", "secret two", burn=True)

    for end in ("", "/1", "/1/raw", "/1/raw/a.txt"):
        answer = client.get(f"/{paste.key}/revisions{end}", headers={"accept": BROWSER_ACCEPT})
        assert answer.status_code == 403
        assert b"secret" not in answer.content


def test_revisions_of_a_removed_paste_are_404(client: Client) -> None:
    hidden, expired = edited("x", "y"), edited("x", "y", lifetime=timedelta(hours=1))
    writing.hide(hidden)
    Paste.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=5))

    for key in (hidden.key, expired.key, "0000000000"):
        for end in ("", "/1", "/1/raw"):
            assert client.get(f"/{key}/revisions{end}").status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_revisions(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    key = edited(*(f"{number}\n" for number in range(40))).key

    with django_assert_max_num_queries(7):
        shown(client, f"/{key}/revisions")
