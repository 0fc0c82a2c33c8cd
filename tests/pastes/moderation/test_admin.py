"""The admin: moderators can find, read, hide and show pastes, and change nothing else."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client

from gitsync.models import Change
from gitsync.sync.drain import drain
from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.models import Paste
from tests import repository
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page
from tests.pastes.row_counts import nothing_stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]

LIST = "/admin/pastes/paste/"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}\u202e"


def search_results(client: Client, query: str) -> set[str]:
    """Return the keys in the search results."""
    response = client.get(LIST, {"q": query})
    assert response.status_code == 200
    text = Page(response).text
    return {key for key in Paste.objects.values_list("key", flat=True) if key in text}


def run_action(client: Client, action: str, *pastes: Paste) -> Any:
    """Run an action on these pastes by submitting its form."""
    return client.post(LIST, {"action": action, "_selected_action": [paste.pk for paste in pastes]}, follow=True)


def test_a_superuser_from_the_command_line_can_log_in(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a long enough password")
    call_command("createsuperuser", "--noinput", "--username", "ada", "--email", "ada@example.org", verbosity=0)

    response = client.post("/admin/login/", {"username": "ada", "password": "a long enough password", "next": LIST})

    assert response["Location"] == LIST
    assert client.get(LIST).status_code == 200


@pytest.mark.parametrize(
    "path", ["/admin/", LIST, f"{LIST}1/change/", "/admin/gitsync/change/", "/admin/gitsync/mirror/"]
)
def test_anonymous_users_are_asked_to_log_in(client: Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


def test_users_who_are_not_staff_are_refused(client: Client, django_user_model: type[User]) -> None:
    client.force_login(django_user_model.objects.create_user("eve"))

    assert client.get(LIST).status_code == 302


def test_pastes_are_found_by_key_title_author_file_name_and_text(admin_client: Client) -> None:
    paste = publish_text("the needle in it", "spindle.py", title="A Haystack", author="Ada")
    publish_text("nothing", title="other")

    for query in (paste.key, paste.key.upper(), "haystack", "ADA", "needle in", "SPINDLE", f" {paste.key} "):
        assert search_results(admin_client, query) == {paste.key}, query


@pytest.mark.parametrize(
    "query",
    ["nowhere", "%", "_", "'; --", "\\", "x" * 5_000, "é" * 50, "%s", "\ud800"],
    ids=lambda query: ascii(query)[:12],
)
def test_odd_search_terms_find_nothing_and_cause_no_error(admin_client: Client, query: str) -> None:
    publish_text("text")

    assert search_results(admin_client, query.encode(errors="surrogatepass").decode(errors="replace")) == set()


def test_an_empty_search_lists_all_pastes_newest_first(admin_client: Client) -> None:
    first, second = publish_text(), publish_text()

    text = Page(admin_client.get(LIST)).text

    assert text.index(second.key) < text.index(first.key)
    assert "Showing" not in text or search_results(admin_client, " ") == {first.key, second.key}


def test_text_of_older_revisions_is_found_and_shown(admin_client: Client) -> None:
    paste = publish_text("the first edition")
    writing.revise(paste, [NewFile("the second edition", "b.txt")])

    page = Page(admin_client.get(f"{LIST}{paste.pk}/change/"))

    assert search_results(admin_client, "first edition") == {paste.key}
    assert page.pre == ["the first edition", "the second edition"]


def test_the_mirror_state_is_shown_before_and_after_the_commit(admin_client: Client, remote: Path) -> None:
    paste = publish_text()

    before = Page(admin_client.get(LIST)).text
    drain()
    after = Page(admin_client.get(f"{LIST}{paste.pk}/change/")).text

    assert "waiting" in before
    assert f"mirrored {repository.tip(remote)[:10]}" in after


def test_hide_takes_a_paste_off_the_site_and_show_brings_it_back(admin_client: Client, client: Client) -> None:
    one, other = publish_text("one"), publish_text("other")

    hidden = run_action(admin_client, "hide", one, other)
    gone = [client.get(f"/{paste.key}").status_code for paste in (one, other)]
    shown = run_action(admin_client, "show_again", one)

    assert "2 hidden." in Page(hidden).text
    assert gone == [404, 404]
    assert "1 shown again." in Page(shown).text
    assert [client.get(f"/{paste.key}").status_code for paste in (one, other)] == [200, 404]
    assert list(Change.objects.filter(key=one.key).order_by("number").values_list("kind", flat=True)) == [
        "publish",
        "remove",
        "restore",
    ]


def test_hiding_a_hidden_paste_changes_nothing(admin_client: Client) -> None:
    paste = publish_text()
    run_action(admin_client, "hide", paste)

    with nothing_stored():
        again = run_action(admin_client, "hide", paste)

    assert "0 hidden." in Page(again).text


def test_a_removed_paste_cannot_be_shown_again(admin_client: Client) -> None:
    paste = publish_text()
    writing.remove(paste)

    with nothing_stored():
        response = run_action(admin_client, "show_again", paste)

    assert "0 shown again." in Page(response).text
    paste.refresh_from_db()
    assert paste.state == "removed"


def test_view_permission_does_not_allow_hiding(client: Client, django_user_model: type[User]) -> None:
    looker = django_user_model.objects.create_user("eve", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_paste"))
    client.force_login(looker)
    paste = publish_text()

    with nothing_stored():
        run_action(client, "hide", paste)

    paste.refresh_from_db()
    assert (client.get(LIST).status_code, paste.state) == (200, "published")


def test_hostile_text_is_escaped_in_list_search_and_detail(admin_client: Client) -> None:
    paste = publish_text(HOSTILE, title=HOSTILE, author=HOSTILE, comment=HOSTILE)
    writing.revise(paste, [NewFile(HOSTILE, "<img src=x onerror=alert(1)>.py")])

    pages = [
        admin_client.get(LIST),
        admin_client.get(LIST, {"q": HOSTILE}),
        admin_client.get(f"{LIST}{paste.pk}/change/"),
        run_action(admin_client, "hide", paste),
    ]

    for response in pages:
        assert response.status_code == 200
        assert "<script>alert" not in response.content.decode()
        assert "<img src=x" not in response.content.decode()
        assert HOSTILE in Page(response).text
    assert HOSTILE in Page(pages[2]).pre


def test_a_very_long_text_is_truncated(admin_client: Client) -> None:
    paste = publish_text("x" * 500_000)

    response = admin_client.get(f"{LIST}{paste.pk}/change/")

    assert len(response.content) < 100_000


@pytest.mark.parametrize("path", ["add/", "{pk}/delete/", "{pk}/change/"])
def test_nothing_can_be_added_changed_or_deleted(admin_client: Client, path: str) -> None:
    paste = publish_text("text", title="before")

    with nothing_stored():
        response = admin_client.post(
            LIST + path.format(pk=paste.pk), {"title": "after", "state": "hidden", "post": "yes"}
        )

    paste.refresh_from_db()
    assert response.status_code in {302, 403, 200}
    assert (paste.title, paste.state) == ("before", "published")


def test_the_delete_action_is_not_offered(admin_client: Client) -> None:
    paste = publish_text()

    with nothing_stored():
        run_action(admin_client, "delete_selected", paste)

    assert "delete_selected" not in admin_client.get(LIST).content.decode()


def test_changes_and_mirror_can_be_viewed(admin_client: Client, remote: Path) -> None:
    paste = publish_text()
    drain()

    changes = Page(admin_client.get("/admin/gitsync/change/", {"q": paste.key, "pending": "no"}))
    waiting = Page(admin_client.get("/admin/gitsync/change/", {"pending": "yes"}))

    assert f"{paste.key}.1" in changes.text
    assert repository.tip(remote) in changes.text
    assert f"{paste.key}.1" not in waiting.text
    assert str(remote) in Page(admin_client.get("/admin/gitsync/mirror/")).text
    change = Change.objects.get()
    for path in ("add/", f"{change.pk}/change/", f"{change.pk}/delete/"):
        with nothing_stored():
            assert admin_client.post(f"/admin/gitsync/change/{path}", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    "query", ["", "?q=%00", "?q=a%00b", "?pending=%00", "?kind=%00", "?pk=x", "?o=%00", "?p=x", "?nothing=1"]
)
def test_odd_queries_cause_no_error(admin_client: Client, query: str) -> None:
    for path in (LIST, "/admin/gitsync/change/", "/admin/gitsync/mirror/"):
        assert admin_client.get(path + query).status_code in {200, 302, 400}


@pytest.mark.parametrize("pk", ["0", "-1", "x", "9" * 30, "%00", "1%00"])
def test_a_missing_row_causes_no_error(admin_client: Client, pk: str) -> None:
    assert admin_client.get(f"{LIST}{pk}/change/").status_code in {302, 404}
