"""What each route reveals about a paste that its caller may not see, and which caches may store the response.

The routes come from the URL resolver: a new route without an entry in `PATHS` fails.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.models import Paste, State
from tests.pastes.ciphertexts import sealed
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text

pytestmark = pytest.mark.django_db

#: The paths for each route, for a paste with this key. Routes with an empty value are unrelated to pastes.
PATHS: dict[str, tuple[str, ...]] = {
    "": ("/", "/?{key}", "/?pasteid={key}&deletetoken=wrong", "/?jsonld=paste"),
    "api/v1/": (),
    "api/v1/docs": (),
    "api/v1/openapi.json": (),
    "api/v1/pastes": ("/api/v1/pastes",),
    "api/v1/search": ("/api/v1/search?q=confidential",),
    "api/v1/languages": (),
    "api/v1/limits": (),
    "api/v1/pastes/<key>": ("/api/v1/pastes/{key}",),
    "api/v1/pastes/<key>/fork": ("/api/v1/pastes/{key}/fork",),
    "api/v1/pastes/<key>/burn": ("/api/v1/pastes/{key}/burn",),
    "api/v1/pastes/<key>/mirror": ("/api/v1/pastes/{key}/mirror",),
    "api/v1/pastes/<key>/revisions": ("/api/v1/pastes/{key}/revisions",),
    "api/v1/pastes/<key>/revisions/<number>": ("/api/v1/pastes/{key}/revisions/1",),
    "api/v1/pastes/<key>/diff": ("/api/v1/pastes/{key}/diff", "/api/v1/pastes/{key}/diff?before=1&after=1"),
    "api/v1/pastes/<key>/hide": ("/api/v1/pastes/{key}/hide",),
    "api/v1/pastes/<key>/show": ("/api/v1/pastes/{key}/show",),
    "api/v1/paste": (),
    "api/v1/paste/<str:name>": ("/api/v1/paste/{key}",),
    "api/v1/lexer": (),
    "api/v1/expiry": (),
    "api/v2/": (),
    "api/v2": (),
    "api/v3/gists": (),
    "api/v3/gists/<str:name>": ("/api/v3/gists/{key}",),
    "api/": (),
    "api": (),
    "recent": ("/recent",),
    "recent.atom": ("/recent.atom",),
    "by/": ("/by/?name=confidential-author", "/by/?name=confidential-author&atom"),
    "by/<path:name>": ("/by/confidential-author", "/by/confidential-author?atom"),
    "search": ("/search?q=confidential", "/search?q=author:confidential", "/search?q=title:confidential"),
    "oembed": (
        "/oembed?url=http://testserver/{key}",
        "/oembed?url=http://testserver/{key}/embed",
        "/oembed?format=xml&url=http://testserver/{key}",
    ),
    "mine": (),
    "language": (),
    "help.txt": (),
    "pastebin.d/pasteur.conf": (),
    "client": (),
    "healthz": (),
    "curl": (),
    "remove/<str:token>": ("/remove/{key}.wrong",),
    "documents": (),
    "documents/<str:name>": ("/documents/{key}", "/documents/{key}.py"),
    "raw/<str:name>": ("/raw/{key}", "/raw/{key}.py"),
    "<key:key>": ("/{key}", "/{key}?raw", "/{key}?hl=python", "/{key}?python"),
    "<key:key>/raw": ("/{key}/raw",),
    "<key:key>/raw/<str:name>": ("/{key}/raw/confidential-name.py",),
    "<key:key>/download/<str:name>": ("/{key}/download/confidential-name.py",),
    "<key:key>/burn": ("/{key}/burn",),
    "<key:key>/created": ("/{key}/created",),
    "<key:key>/gone": ("/{key}/gone",),
    "<key:key>/zip": ("/{key}/zip",),
    "<key:key>/revisions": ("/{key}/revisions", "/{key}/revisions?from=1&to=1", "/{key}/revisions?view=split"),
    "<key:key>/revisions/<int:number>": ("/{key}/revisions/1",),
    "<key:key>/revisions/<int:number>/raw": ("/{key}/revisions/1/raw",),
    "<key:key>/revisions/<int:number>/raw/<str:name>": ("/{key}/revisions/1/raw/confidential-name.py",),
    "<key:key>/embed": ("/{key}/embed", "/{key}/embed?file=confidential-name.py"),
    "<key:key>/embed.js": ("/{key}/embed.js",),
    "<key:key>/edit": ("/{key}/edit",),
    "<key:key>/delete": ("/{key}/delete",),
    "<key:key>/fork": ("/{key}/fork",),
    "<key:key>/report": ("/{key}/report", "/{key}/report?thanks"),
    "<str:name>": ("/{key}.py", "/{key}.css", "/confidentialcode"),
    "readyz": (),
    "metrics": (),
    "hooks/git": (),
}
#: Lists of pastes, whose paths do not contain the key.
LISTS = ("/recent", "/search", "/by/", "/api/v1/pastes", "/api/v1/search")
TITLE, AUTHOR, COMMENT, NAME = (
    "confidential title",
    "confidential-author",
    "confidential comment",
    "confidential-name.py",
)
TEXT = "confidential text " + "x" * 31_319
ACCEPTS = (BROWSER_ACCEPT, "application/json", "*/*", "")


def routes() -> Iterator[str]:
    """Yield the site's routes, except those of the admin."""

    def below(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                yield route
            elif isinstance(pattern, URLResolver) and pattern.app_name != "admin":
                yield from below(pattern.url_patterns, route)

    yield from below(get_resolver().url_patterns, "")


def test_every_route_has_its_paths() -> None:
    assert {route.replace("<str:key>", "<key>") for route in routes()} == set(PATHS)


def confidential(**fields: Any) -> Paste:
    return publish_text(TEXT, NAME, title=TITLE, author=AUTHOR, comment=COMMENT, **fields)


def responses_about(client: Client, key: str) -> Iterator[tuple[str, str, Any]]:
    """Yield each path of the paste with each method for each kind of caller; no request burns or deletes it."""
    for paths in PATHS.values():
        for path in paths:
            address = path.format(key=key)
            for accept in ACCEPTS:
                headers = {"accept": accept} if accept else {}
                for method in ("get", "head"):
                    yield method, address, getattr(client, method)(address, headers=headers)
            for method, body in (("post", {}), ("put", {"files": []}), ("patch", {"title": "t"}), ("delete", {})):
                if path.partition("?")[0].endswith("/burn") or (method == "put" and not path.startswith("/api/v1")):
                    continue
                headers = {"accept": "*/*", "if-match": "*", "x-pasteur-token": "wrong"}
                call = getattr(client, method)
                yield method, address, call(address, json.dumps(body), content_type="application/json", headers=headers)


def assert_reveals_nothing(paste: Paste, response: Any, description: str) -> None:
    body = b"" if getattr(response, "streaming", False) else response.content
    whole = body + repr(sorted(response.headers.items())).encode()
    whole = whole.replace(b"author%3Aconfidential", b"").replace(b"q=confidential", b"")
    oid = paste.files[0].oid
    found = [text for text in (TITLE, COMMENT, "confidential text", oid, "31337") if text.encode() in whole]
    assert not found, f"{description} reveals {found}"


@pytest.mark.parametrize("kind", ["burn", "hidden", "expired", "removed"])
def test_no_route_reveals_a_paste_that_may_not_be_read(client: Client, kind: str) -> None:
    paste = confidential(visibility="public", burn=kind == "burn")
    oid = paste.files[0].oid
    if kind == "hidden":
        writing.hide(paste)
    elif kind == "expired":
        Paste.objects.filter(pk=paste.pk).update(expires_at="2001-01-01T00:00:00Z")
    elif kind == "removed":
        writing.remove(paste)
    for method, address, response in responses_about(client, paste.key):
        assert_reveals_nothing(paste, response, f"{kind}: {method} {address}")
        if method in {"get", "head"} and paste.key in address:
            assert NAME.encode() not in response.content.replace(address.encode(), b""), address
            assert not (kind != "burn" and response.status_code == 200 and "embed.js" not in address) or is_neutral(
                address, response
            ), f"{kind}: {address}"
    state = Paste.objects.values_list("state", flat=True).get(pk=paste.pk)
    assert state == {"hidden": State.HIDDEN, "removed": State.REMOVED}.get(kind, State.PUBLISHED)
    assert oid


def is_neutral(address: str, response: Any) -> bool:
    """Return whether a response of status 200 is PrivateBin's failure."""
    return address.startswith("/?") and (response.content == b"" or b'"status": 1' in response.content)


def test_the_content_of_a_burning_paste_cannot_be_probed(client: Client) -> None:
    short = publish_text("yes", "vote.txt", burn=True, title="Vote", forked_from="0123456789")
    body = client.get(f"/api/v1/pastes/{short.key}").json()
    assert (body["title"], body["files"], body["forked_from"]) == ("", [], None)
    assert client.get(f"/api/v1/pastes/{short.key}/revisions").status_code == 403
    assert "Vote" not in client.get(f"/{short.key}/delete").content.decode()
    read = client.post(f"/{short.key}/burn", headers={"accept": BROWSER_ACCEPT}).content.decode()
    assert "Vote" in read
    assert "yes" in read


@pytest.mark.parametrize("setting", ["token", "10.0.0.0/8"])
def test_no_route_reveals_a_paste_on_a_site_with_restricted_reading(
    client: Client, settings: Settings, setting: str
) -> None:
    paste = confidential(visibility="public")
    settings.PASTEUR_MAY_READ = settings.PASTEUR_MAY_LIST = setting
    for method, address, response in responses_about(client, paste.key):
        assert_reveals_nothing(paste, response, f"restricted: {method} {address}")


@pytest.mark.parametrize("kind", ["burn", "encrypted", "restricted", "open", "missing"])
def test_caches_do_not_store_confidential_pastes_and_revalidate_all_others(
    client: Client, settings: Settings, kind: str
) -> None:
    if kind == "encrypted":
        paste = publish_text(sealed(), encrypted=True)
    else:
        paste = confidential(visibility="public", burn=kind == "burn")
    if kind == "missing":
        writing.remove(paste)
    if kind == "restricted":
        settings.PASTEUR_MAY_READ = settings.PASTEUR_MAY_LIST = "127.0.0.0/8"
    for method, address, response in responses_about(client, paste.key):
        is_about = paste.key in address or (kind in {"open", "restricted"} and address.startswith(LISTS))
        if not is_about or method not in {"get", "head"} or address.endswith("/embed.js") or "jsonld" in address:
            continue
        if "%" in address or response.status_code in {405, 302} or address.endswith("/burn") or ".css" in address:
            continue
        directives = response.headers.get("Cache-Control", "")
        if kind in {"open", "missing"}:
            assert "no-cache" in directives or "no-store" in directives, (address, directives)
        else:
            assert "no-store" in directives, (address, directives)


@pytest.mark.parametrize("ending", ["css", "js", "png", "svg", "woff2", "map", "min.js", "CSS"])
def test_a_paste_has_no_page_at_the_address_of_a_static_file(client: Client, ending: str) -> None:
    paste = publish_text("print()")
    assert client.get(f"/{paste.key}.{ending}").status_code == 404


@pytest.mark.parametrize("ending", ["py", "txt", "md", "html", "ml"])
def test_a_paste_has_a_page_at_its_key_with_the_extension_of_a_language(client: Client, ending: str) -> None:
    paste = publish_text("print()")
    assert client.get(f"/{paste.key}.{ending}").status_code == 200
