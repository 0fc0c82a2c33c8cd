"""Unsupported methods: 405 in the caller's format, with the allowed methods."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db

CURL = {"accept": "*/*"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
#: Values for URL parameters; `key` is filled in with that of an existing paste.
WORDS = {"name": "hello.py", "number": "1", "token": "x"}


def routes(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """Yield all URL patterns except the admin's, with parameter names in braces."""
    for found in resolver.url_patterns:
        assert isinstance(found.pattern, RoutePattern)
        route = before + str(found.pattern)
        if isinstance(found, URLPattern):
            route = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
            yield route
        elif "admin" not in route:
            yield from routes(found, route)


ROUTES = list(routes(get_resolver()))


def test_all_urls_are_covered() -> None:
    assert {"/", "/{key}/raw", "/pastebin.d/pasteur.conf", "/api/v1/docs", "/api/v1/pastes/{key}"} <= set(ROUTES)


@pytest.mark.parametrize("route", ROUTES)
def test_an_unsupported_method_is_405_with_the_allowed_ones(route: str) -> None:
    far = Client(enforce_csrf_checks=True)
    path = route.format(key=publish_text("x", "hello.py").key, **WORDS)

    with nothing_stored():
        response: Any = far.generic("BREW", path, headers=CURL)

    assert response.status_code == 405, response.content
    allowed = response["Allow"].split(", ")
    assert allowed == [method for method in METHODS if method in allowed]
    assert ("GET" in allowed) == ("HEAD" in allowed)
    for method in set(METHODS) - set(allowed):
        with nothing_stored():
            refused: Any = far.generic(method, path, headers=CURL)
        assert (refused.status_code, refused["Allow"]) == (405, response["Allow"])
        message = refused.content.decode()
        assert "\n" not in message.removesuffix("\n")


@pytest.mark.parametrize("path", ["/{}/edit", "/{}/delete", "/"])
def test_a_refused_form_is_one_line_for_a_program_and_the_form_for_a_browser(path: str) -> None:
    paste, client = writing.publish(Draft([NewFile("x", "hello.py")])), Client()
    fields = {"files-TOTAL_FORMS": "1", "files-INITIAL_FORMS": "0", "files-0-content": "y", "token": "wrong"}
    fields["csrfmiddlewaretoken"] = "that of a page"

    with nothing_stored():
        line: Any = client.post(path.format(paste.key), fields, headers=CURL)
        page: Any = client.post(path.format(paste.key), fields, headers={"accept": BROWSER_ACCEPT})

    assert line.status_code == page.status_code
    assert line.status_code in {403, 422}
    assert line["Content-Type"] == "text/plain; charset=utf-8"
    assert line.content.decode().count("\n") == 1
    assert "token" in Page(page).values or "files-0-content" in Page(page).areas


def test_the_root_of_the_api_redirects_to_its_documentation(client: Client) -> None:
    response = client.get("/api/v1/")

    assert (response.status_code, response["Location"]) == (302, "/api/v1/docs")
    assert b"openapi" in client.get("/api/v1/docs").content
