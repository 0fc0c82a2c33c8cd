"""Idempotent requests: all requests with the same Idempotency-Key create only one paste.

The header is specified at https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/. The client
chooses the key. The edit token is derived from it, so that a repeated request gets the same response even though no
token is stored. The key must therefore be kept as secret as the token.
"""

import hashlib
import re
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from pastes.access import edit_tokens
from pastes.errors import RefusedError
from pastes.lifecycle.draft import Draft
from pastes.lifecycle.writing import publish
from pastes.models import Creation, Paste
from pastes.storage.write_lock import write_lock

RETENTION = timedelta(days=1)

#: A key consists of printable ASCII characters without spaces, and has a minimum and a maximum length.
LETTERS, SHORTEST, LONGEST = "!-~", 16, 128
_KEY = re.compile(rf"[{LETTERS}]{{{SHORTEST},{LONGEST}}}")


def publish_once(key: str | None, body: bytes, draft: Draft) -> Paste:
    """Publish a draft unless an earlier request with the same key did so. Return the paste with its edit token.

    If the key is None, always publish. Raise RefusedError as `publish` does, and also if the key could be guessed or
    was already used with a different body.
    """
    if key is None:
        return publish(draft)
    if not _KEY.fullmatch(key):
        message = f"Idempotency-Key must be {SHORTEST} to {LONGEST} random ASCII characters without spaces."
        raise RefusedError("idempotency_key", message, field="Idempotency-Key", limit=LONGEST)
    key_hash, body_hash = hashlib.sha256(key.encode()).hexdigest(), hashlib.sha256(body).hexdigest()
    if (existing := _find(key, key_hash, body_hash)) is not None:
        return existing
    try:
        with write_lock(), transaction.atomic():
            paste = publish(draft, token=_tokens(key)[0])
            Creation.objects.create(key_hash=key_hash, body_hash=body_hash, paste=paste, created_at=timezone.now())
    except IntegrityError:
        if (existing := _find(key, key_hash, body_hash)) is None:
            raise
        return existing
    return paste


def publish_form(once: str, draft: Draft) -> Paste:
    """Publish the draft of a form only once, no matter how often its button is pressed.

    `once` is a random value in the rendered form. Sending the same form with different content creates another paste.
    Raise RefusedError as `publish` does.
    """
    if not _KEY.fullmatch(once):
        return publish(draft)
    body = repr(draft).encode(errors="replace")
    keys = _derive("pastes.repeats.form", once.encode() + body)
    try:
        return publish_once(_first_used(keys) or keys[0], body, draft)
    except RefusedError as refused:
        if refused.code != "not_found":
            raise
        return publish(draft)  # The paste of the first request is gone.


def forget_old() -> None:
    """Delete keys older than RETENTION."""
    Creation.objects.filter(created_at__lt=timezone.now() - RETENTION).delete()


def _derive(purpose: str, value: str | bytes) -> list[str]:
    """Return digests of a value with SECRET_KEY and its fallbacks; an earlier request may have used one of those."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [salted_hmac(purpose, value, secret=secret, algorithm="sha256").hexdigest() for secret in secrets]


def _tokens(key: str) -> list[str]:
    return _derive("pastes.repeats", key)


def _first_used(keys: list[str]) -> str | None:
    if len(keys) == 1:
        return None
    used = [key for key in keys if Creation.objects.filter(key_hash=hashlib.sha256(key.encode()).hexdigest()).exists()]
    return next(iter(used), None)


def _find(key: str, key_hash: str, body_hash: str) -> Paste | None:
    creation = Creation.objects.filter(key_hash=key_hash).first()
    if creation is None:
        return None
    if creation.body_hash != body_hash:
        message = "This Idempotency-Key was already used with a different body."
        raise RefusedError("idempotency_key", message, field="Idempotency-Key")
    paste = Paste.objects.readable().filter(pk=creation.paste_id).first()
    if paste is None:
        raise RefusedError("not_found", "The paste created by this request is gone.", status=404)
    paste.token = next((token for token in _tokens(key) if edit_tokens.hashed(token) == paste.token_hash), "")
    return paste
