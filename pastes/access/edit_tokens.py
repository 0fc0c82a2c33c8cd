"""Edit tokens: whoever made a paste may change and delete it. Only the answer to its maker has the token itself."""

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, TypeGuard

from django.utils.translation import gettext

from pastes.access import permissions
from pastes.errors import RefusedError
from pastes.limits import guess_budget

if TYPE_CHECKING:
    from pastes.models import Paste

#: Random bytes of a token; a good deal more than can be guessed.
_BYTES = 24


def draw() -> str:
    """Return a fresh token of 192 random bits, in letters that an address may hold."""
    return secrets.token_urlsafe(_BYTES)


def hashed(token: str) -> str:
    """Return what is stored of a token. It is random, so a fast hash without salt makes no guessing easier."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def owns(paste: "Paste | None", token: str) -> "TypeGuard[Paste]":
    """Return whether this is the edit token of the paste, in a time that says nothing about how much of it is right.

    Raises RefusedError for who has guessed too often: such a caller does not learn which token is right.
    """
    payer = guess_budget.payer()
    if payer:
        payer.pay()
    right = paste is not None and hmac.compare_digest(hashed(token), paste.token_hash or "none")
    if payer and right:
        payer.refund()
    return right


def demand(paste: "Paste", token: str, *, deleting: bool = False) -> None:
    """Raise RefusedError unless the caller's API token allows it, or this is the edit token of the paste."""
    if not permissions.made(paste) and not (deleting and permissions.moderates()) and not owns(paste, token):
        message = gettext("This needs the edit token that was given when the paste was made, as X-Pasteur-Token.")
        raise RefusedError("token", message, status=403)
