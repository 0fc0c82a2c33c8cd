"""`manage.py api_token`: create, list and revoke tokens."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from pastes.access import api_tokens
from pastes.models import ApiToken

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    """Return the command's output."""
    out = StringIO()
    call_command("api_token", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_only_the_secret_is_printed_and_it_works() -> None:
    User.objects.create_user("ada")

    secret = run("create", "ci", "--scope", "write", "--scope", "read", "--expires", "30d", "--owner", "ada").strip()

    token = ApiToken.objects.get()
    assert (token.name, token.scopes, str(token.owner)) == ("ci", ["read", "write"], "ada")
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).days in {29, 30}
    client = Client(headers={"authorization": f"Bearer {secret}"})
    assert client.put("/a.txt", b"text", content_type="").status_code == 201


def test_tokens_are_listed_without_secrets() -> None:
    secret, _ = api_tokens.create(name="first", scopes=["read"])
    _, second = api_tokens.create(name="second", scopes=["write"], limit_create="off")
    api_tokens.revoke(second)

    shown, tokens = run("list"), json.loads(run("list", "--json"))

    assert secret not in shown
    assert [(token["name"], token["state"], token["scopes"]) for token in tokens] == [
        ("first", "valid", ["read"]),
        ("second", "revoked", ["write"]),
    ]
    assert "second" in shown


def test_a_revoked_token_gives_no_access() -> None:
    secret, token = api_tokens.create(name="first", scopes=["read"])

    assert "has been revoked" in run("revoke", str(token.pk))
    assert "already" in run("revoke", str(token.pk))
    assert Client(headers={"authorization": f"Bearer {secret}"}).get("/recent").status_code == 401


@pytest.mark.parametrize(
    "words",
    [
        ["create", "x"],
        ["create", " ", "--scope", "read"],
        ["create", "x", "--scope", "fly"],
        ["create", "x", "--scope", "read", "--expires", "soon"],
        ["create", "x", "--scope", "read", "--expires", "0d"],
        ["create", "x", "--scope", "read", "--owner", "nobody"],
        ["create", "x", "--scope", "read", "--limit-read", "often"],
        ["revoke", "7"],
        [],
    ],
)
def test_invalid_arguments_are_refused(words: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*words)
    assert not ApiToken.objects.exists()
