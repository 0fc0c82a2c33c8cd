"""Test clients with an API token."""

from typing import Any

from django.test import Client

from pastes.access import api_tokens
from pastes.models import ApiToken


def bearer(*scopes: str, scheme: str = "Bearer", **facts: Any) -> tuple[Client, ApiToken]:
    """Return a client that sends a new API token with each request, and the token."""
    address = facts.pop("address", "127.0.0.1")
    secret, token = api_tokens.create(name="of a test", scopes=scopes, **facts)
    return Client(REMOTE_ADDR=address, headers={"authorization": f"{scheme} {secret}"}), token
