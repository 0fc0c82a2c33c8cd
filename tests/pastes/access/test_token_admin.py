"""API tokens in the admin: the secret is shown once, and scopes cannot be changed later."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from pastes.access import api_tokens
from pastes.models import ApiToken

pytestmark = pytest.mark.django_db

ADD = "/admin/pastes/apitoken/add/"
FIELDS = {"name": "ci", "may_write": "on", "expires_at_0": "", "expires_at_1": "", "owner": "", "limit_create": "2/day"}


def secret_in(response: Any) -> str | None:
    """Return the secret shown on a page."""
    found = re.search(r"pasteur_[\w-]{32}", response.content.decode())
    return found[0] if found else None


def test_the_secret_is_shown_once_and_works(admin_client: Client) -> None:
    made = admin_client.post(ADD, FIELDS)

    secret = secret_in(made)
    assert secret
    assert "no-store" in made["Cache-Control"]
    assert secret not in str(admin_client.cookies)
    token = ApiToken.objects.get()
    assert (token.scopes, token.limit_create) == (["write"], "2/day")
    pages = [f"/admin/pastes/apitoken/{token.pk}/change/", "/admin/pastes/apitoken/", "/admin/"]
    assert [secret_in(admin_client.get(page)) for page in pages] == [None] * 3
    assert Client(headers={"authorization": f"Bearer {secret}"}).put("/a", b"x", content_type="").status_code == 201


@pytest.mark.parametrize("wrong", [{"may_write": ""}, {"name": ""}, {"limit_create": "often"}, {"limit_read": "1/eon"}])
def test_invalid_input_creates_no_token(admin_client: Client, wrong: dict[str, str]) -> None:
    fields = {name: value for name, value in (FIELDS | wrong).items() if value}

    response = admin_client.post(ADD, fields)

    assert response.status_code == 200
    assert not ApiToken.objects.exists()


def test_a_tokens_scopes_cannot_be_extended(admin_client: Client) -> None:
    _, token = api_tokens.create(name="ci", scopes=["read"])

    admin_client.post(f"/admin/pastes/apitoken/{token.pk}/change/", FIELDS | {"may_moderate": "on"})

    token.refresh_from_db()
    assert (token.name, token.scopes) == ("ci", ["read"])


def test_revoking_is_an_action(admin_client: Client) -> None:
    _, token = api_tokens.create(name="ci", scopes=["read"])

    chosen = {"action": "revoke", "_selected_action": [token.pk]}
    admin_client.post("/admin/pastes/apitoken/", chosen)

    token.refresh_from_db()
    assert token.revoked_at is not None


def test_a_user_who_may_not_moderate_cannot_create_a_moderating_token(client: Client) -> None:
    user = User.objects.create_user("eve", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_apitoken", "view_apitoken"]))
    client.force_login(user)

    client.post(ADD, FIELDS | {"may_moderate": "on"})

    assert ApiToken.objects.get().scopes == ["write"]
