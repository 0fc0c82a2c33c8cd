"""Lists, revisions and limits in the API, its use by other sites, and its OpenAPI document."""

import json
import re

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.rules.languages import LANGUAGES
from pastes.rules.lifetimes import LIFETIMES
from tests.pastes.api.client import refused
from tests.pastes.ciphertexts import sealed
from tests.pastes.factories import publish_text

pytestmark = [pytest.mark.django_db, pytest.mark.database]

API = "/api/v1"


@pytest.mark.parametrize("path", ["pastes?limit=3", "search?q=common&limit=3"])
def test_a_list_continues_at_its_next_link(client: Client, path: str) -> None:
    made = [publish_text(f"common {number}", visibility="public").key for number in range(7)]
    publish_text("common")
    address: str | None = f"http://testserver{API}/{path}"
    pages = []

    while address:
        response = client.get(address)
        body = response.json()
        pages.append([paste["key"] for paste in body["pastes"]])
        address = body["next"]
        assert response.get("Link", "") == (f'<{address}>; rel="next"' if address else "")

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [key for page in pages for key in page] == made[::-1]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("pastes?limit=0", "limit"),
        ("pastes?limit=101", "limit"),
        ("pastes?before=0", "before"),
        ("pastes?before=x", "before"),
        ("pastes?before=1.0", "before"),
        ("pastes?limit=1_0", "limit"),
        ("search?q=x&before=%201", "before"),
        ("pastes?before=99999999999999999999", "before"),
        ("search", "q"),
        (f"search?q={'x' * 201}", "q"),
    ],
)
def test_an_invalid_query_is_refused(client: Client, path: str, field: str) -> None:
    response = client.get(f"{API}/{path}")

    assert response.status_code == 422
    assert refused(response)[2] == field


def test_revisions_can_be_listed_read_and_compared(client: Client) -> None:
    paste = publish_text("one\ntwo\n", "a.txt")
    writing.revise(paste, [NewFile("one\n2\n", "a.txt"), NewFile("x", "b.py")])
    writing.revise(paste, [NewFile("x", "b.py")])
    path = f"{API}/pastes/{paste.key}"

    newest = client.get(f"{path}/revisions?limit=2").json()
    oldest = client.get(newest["next"]).json()
    first = client.get(f"{path}/revisions/1").json()
    whole = client.get(f"{path}/diff?before=1&after=2").json()
    last = client.get(f"{path}/diff").json()

    assert [revision["number"] for revision in newest["revisions"] + oldest["revisions"]] == [3, 2, 1]
    assert [file["name"] for file in newest["revisions"][1]["files"]] == ["a.txt", "b.py"]
    assert [(file["name"], file["content"]) for file in first["files"]] == [("a.txt", "one\ntwo\n")]
    assert [(file["name"], file["change"]) for file in whole["files"]] == [("a.txt", "changed"), ("b.py", "added")]
    assert "-two\n+2\n" in whole["files"][0]["diff"]
    assert (last["before"], last["after"]) == (2, 3)
    assert [(file["name"], file["change"]) for file in last["files"]] == [("a.txt", "removed")]


@pytest.mark.parametrize(
    "rest", ["revisions/2", "revisions/0", "revisions/99999999999", "diff?before=2", "diff?after=9"]
)
def test_a_missing_revision_is_404(client: Client, rest: str) -> None:
    paste = publish_text()

    assert refused(client.get(f"{API}/pastes/{paste.key}/{rest}"))[:2] == (404, "not_found")


def test_burning_and_encrypted_pastes_are_not_compared(client: Client) -> None:
    burning, closed = publish_text("secret", burn=True), publish_text(sealed(), encrypted=True)

    for rest in ("revisions", "revisions/1", "diff"):
        assert refused(client.get(f"{API}/pastes/{burning.key}/{rest}"))[:2] == (403, "burns")
    assert refused(client.get(f"{API}/pastes/{closed.key}/diff"))[:2] == (422, "encrypted")


def test_a_client_can_read_languages_and_limits(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAX_BYTES = 1234
    settings.PASTEUR_LIMIT_CREATE, settings.PASTEUR_LIMIT_READ = "3/hour", "off"
    settings.PASTEUR_LIMIT_DELETE = "20/hour"

    limits = client.get(f"{API}/limits").json()
    names = [language["name"] for language in client.get(f"{API}/languages").json()]

    assert (limits["max_bytes"], limits["max_files"], limits["title_length"]) == (1234, 50, 200)
    assert "never" in limits["expires"]
    assert limits["rates"] == {"create": "3/hour", "read": "off", "delete": "20/hour"}
    assert names == list(LANGUAGES)


def test_the_mirror_state_has_its_own_url(client: Client) -> None:
    paste = publish_text()

    assert client.get(f"{API}/pastes/{paste.key}/mirror").json() == {"state": "waiting", "commit": None}


def test_pages_on_other_sites_can_use_the_api_without_cookies(client: Client) -> None:
    asking = {"origin": "https://example.org", "access-control-request-method": "POST"}

    asked = client.options(f"{API}/pastes", headers=asking)
    made = client.post(f"{API}/pastes", {"files": [{"content": "x"}]}, content_type="application/json", headers=asking)
    wrong = client.get(f"{API}/nothing", headers=asking)

    assert asked.status_code == 204
    assert "Idempotency-Key" in asked["Access-Control-Allow-Headers"]
    for response in (asked, made, wrong):
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response
    assert "X-Pasteur-Token" in made["Access-Control-Expose-Headers"]


def test_html_pages_do_not_respond_to_preflight_requests(client: Client) -> None:
    response = client.options(
        "/recent", headers={"origin": "https://example.org", "access-control-request-method": "POST"}
    )

    assert response.status_code == 405


def test_the_openapi_document_describes_every_operation_and_its_errors(client: Client) -> None:
    document = client.get(f"{API}/openapi.json").json()

    assert document["openapi"].startswith("3.")
    assert f"{API}/pastes/{{key}}/revisions/{{number}}" in document["paths"]
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["description"]
            assert {"429", "503"} <= set(operation["responses"])


def test_the_openapi_document_defines_every_name_that_it_refers_to(client: Client) -> None:
    document = client.get(f"{API}/openapi.json").json()

    for required in document["security"]:
        assert set(required) <= set(document["components"]["securitySchemes"])
    named = set(re.findall(r'"#/components/(\w+/[\w-]+)"', json.dumps(document["paths"])))
    for kind, _, name in (part.partition("/") for part in named):
        assert name in document["components"][kind]
    assert {"schemas/PasteCreated", "headers/ETag", "headers/Link", "headers/Retry-After"} <= named


def test_the_openapi_document_contains_the_limits_of_a_paste(client: Client) -> None:
    schemas = client.get(f"{API}/openapi.json").json()["components"]["schemas"]

    fields = schemas["PasteIn"]["properties"]
    assert fields["expires"]["enum"] == list(LIFETIMES)
    assert fields["visibility"]["enum"] == ["unlisted", "public"]
    assert (fields["title"]["maxLength"], fields["files"]["maxItems"]) == (200, 50)
    assert schemas["PasteIn"]["additionalProperties"] is False
