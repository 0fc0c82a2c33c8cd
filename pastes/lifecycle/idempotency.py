"""Requests that are sent again because their answer got lost: the same Idempotency-Key makes one paste.

The draft of the header: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/. The key is chosen
by the client and is as good as the edit token, which is made from it, so that the answer can be given again without
having been stored.
"""

import hashlib
import re
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from pastes.errors import RefusedError
from pastes.lifecycle.draft import Draft
from pastes.lifecycle.writing import publish
from pastes.models import Creation, Paste
from pastes.storage.write_lock import turn

#: How long a key is remembered.
REMEMBERED = timedelta(days=1)

#: What a key may look like: printable ASCII without spaces, in so many characters.
LETTERS, SHORTEST, LONGEST = "!-~", 16, 128
_KEY = re.compile(rf"[{LETTERS}]{{{SHORTEST},{LONGEST}}}")


def publish_once(key: str | None, body: bytes, draft: Draft) -> Paste:
    """Publish a draft, unless a request with this key has; returns the paste of the first one, with its edit token.

    Without a key, every call publishes.

    Raises RefusedError as `publish` does, for a key that can be guessed, and for one that came with another body.
    """
    if key is None:
        return publish(draft)
    if not _KEY.fullmatch(key):
        message = f"Idempotency-Key must be {SHORTEST} to {LONGEST} random characters of ASCII without spaces."
        raise RefusedError("idempotency_key", message, field="Idempotency-Key", limit=LONGEST)
    key_hash, body_hash = hashlib.sha256(key.encode()).hexdigest(), hashlib.sha256(body).hexdigest()
    token = salted_hmac("pastes.repeats", key, algorithm="sha256").hexdigest()
    if (first := _first(key_hash, body_hash, token)) is not None:
        return first
    try:
        with turn(), transaction.atomic():
            paste = publish(draft, token=token)
            Creation.objects.create(key_hash=key_hash, body_hash=body_hash, paste=paste, created_at=timezone.now())
    except IntegrityError:
        if (first := _first(key_hash, body_hash, token)) is None:
            raise
        return first
    return paste


def publish_form(once: str, draft: Draft) -> Paste:
    """Publish what a form holds, once for each time that the form was shown, however often its button is pressed.

    `once` is the random value that the form was shown with; a form that is sent again with another text makes another
    paste. Raises RefusedError as `publish` does.
    """
    if not _KEY.fullmatch(once):
        return publish(draft)
    sent = repr(draft).encode(errors="replace")
    key = salted_hmac("pastes.repeats.form", once.encode() + sent, algorithm="sha256").hexdigest()
    try:
        return publish_once(key, sent, draft)
    except RefusedError as refused:
        if refused.code != "not_found":
            raise
        return publish(draft)  # What it had made is gone.


def forget_old() -> None:
    """Forget the keys that nobody will send again."""
    Creation.objects.filter(created_at__lt=timezone.now() - REMEMBERED).delete()


def _first(key_hash: str, body_hash: str, token: str) -> Paste | None:
    creation = Creation.objects.filter(key_hash=key_hash).first()
    if creation is None:
        return None
    if creation.body_hash != body_hash:
        message = "This Idempotency-Key came with another body before."
        raise RefusedError("idempotency_key", message, field="Idempotency-Key")
    paste = Paste.objects.readable().filter(pk=creation.paste_id).first()
    if paste is None:
        raise RefusedError("not_found", "The paste that this made is gone.", status=404)
    paste.token = token
    return paste
