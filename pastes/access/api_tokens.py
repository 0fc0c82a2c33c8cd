"""Create, look up and revoke API tokens. A secret is shown once and is never stored, logged or put into a URL."""

import contextlib
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from pastes.errors import RefusedError
from pastes.limits import rates
from pastes.models import SCOPES, ApiToken
from pastes.storage import clock
from pastes.storage.write_lock import write_lock

#: The prefix of every secret, which makes it recognizable to people and secret scanners.
PREFIX = "pasteur_"

_BYTES = 24
#: The precision of the last use. Updating the row on every request would make reads as expensive as writes.
_USE_PRECISION = timedelta(minutes=1)
_AUTHORIZATION = re.compile(r"(?:bearer|token) +(\S+) *", re.IGNORECASE)


def create(
    *, name: str, scopes: Collection[str], expires_at: datetime | None = None, **fields: Any
) -> tuple[str, ApiToken]:
    """Create a token with the given scopes. Return its secret, which is not stored, and the token.

    `fields` may contain `owner`, `limit_create` and `limit_read`. Raise ValueError if a value is invalid.
    """
    if not name.strip() or len(name) > 100:
        raise ValueError("a token requires a name of at most 100 characters")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise ValueError(f"a token requires one or more of the scopes {', '.join(SCOPES)}")
    for limit in ("limit_create", "limit_read"):
        if fields.get(limit):
            rates.parse(fields[limit])
    secret = draw()
    allowed: dict[str, Any] = {f"may_{scope}": scope in scopes for scope in SCOPES}
    token = ApiToken(name=name.strip(), secret_hash=hashed(secret), expires_at=expires_at, **allowed, **fields)
    token.save()
    return secret, token


def draw() -> str:
    """Return a new secret with 192 random bits."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def hashed(secret: str) -> str:
    """Return the hash under which a secret is stored. Secrets are random, so a fast unsalted hash is safe."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def read(request: HttpRequest) -> str | None:
    """Return the secret from the header `Authorization: Bearer ...` or `Authorization: token ...`, or None."""
    match = _AUTHORIZATION.fullmatch(request.META.get("HTTP_AUTHORIZATION", ""))
    return match[1] if match else None


def find(secret: str) -> ApiToken:
    """Return the token with the given secret, and record when it was used.

    Raise RefusedError with status 401 if the token is unknown, revoked or expired. The time this takes reveals nothing:
    the database compares hashes, which a caller cannot choose.
    """
    secret_hash = hashed(secret)
    token = ApiToken.objects.select_related("owner").filter(secret_hash=secret_hash).first()
    if token is None or not hmac.compare_digest(token.secret_hash, secret_hash):
        raise RefusedError("unknown_token", "There is no such API token.", status=401)
    if token.revoked_at or (token.owner and not token.owner.is_active):
        raise RefusedError("revoked_token", "This API token has been revoked.", status=401)
    now = clock.now() if token.expires_at else timezone.now()
    if token.expires_at and token.expires_at <= now:
        raise RefusedError("expired_token", "This API token has expired.", status=401)
    if not token.last_used_at or now - token.last_used_at >= _USE_PRECISION:
        outdated = Q(last_used_at=None) | Q(last_used_at__lte=now - _USE_PRECISION)
        with contextlib.suppress(OperationalError), write_lock(0):  # Reads do not wait for writers.
            ApiToken.objects.filter(outdated, pk=token.pk).update(last_used_at=now)
    return token


def revoke(token: ApiToken) -> bool:
    """Revoke a token. Return whether that changed anything."""
    return bool(ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()))
