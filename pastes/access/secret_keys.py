"""Whether the SECRET_KEY of this process belongs to the database, and the key of stored digests, which survives it.

Digests of texts that are gone cannot be computed again with another key. Their own key is therefore stored, encrypted
with each SECRET_KEY that the site uses: a new SECRET_KEY gets a copy, and no digest changes. The same rows reveal a
process with a foreign SECRET_KEY.
"""

import base64
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils.crypto import salted_hmac

from pastes.models import SecretKey

MISMATCH = (
    "SECRET_KEY is not the one that this database is used with. Give all processes the same one; after a restore, the "
    "one from the backup. If it is lost, run: manage.py secret_key adopt"
)


class ForeignSecretKeyError(ImproperlyConfigured):
    """This process has another SECRET_KEY than the site."""


def mismatch() -> str:
    """Return MISMATCH if the SECRET_KEY is foreign, else the empty string. The first one that asks is the site's."""
    try:
        _open(_secrets())
    except ForeignSecretKeyError as error:
        return str(error)
    return ""


def digest_key() -> bytes:
    """Return the key of stored digests. Raises ForeignSecretKeyError."""
    return _open_once(_secrets())


def add(secret: str) -> None:
    """Let `secret` be the SECRET_KEY of this site as well. Raises ForeignSecretKeyError if the present one is not."""
    key = _open(_secrets())
    if not SecretKey.objects.filter(fingerprint=fingerprint(secret)).exists():
        _store(secret, key)


def count_others() -> int:
    """Return the number of keys that are neither the present one nor a fallback."""
    return _others().count()


def forget_others() -> int:
    """Forget the keys that are neither the present one nor a fallback; return their number."""
    _open(_secrets())
    return _others().delete()[0]


@transaction.atomic
def adopt() -> None:
    """Make the present SECRET_KEY the only one. Texts that were purged before are no longer recognized."""
    SecretKey.objects.all().delete()
    _open_once.cache_clear()
    _open(_secrets())


def fingerprint(secret: str) -> str:
    """Return a digest of a SECRET_KEY that does not reveal it."""
    return salted_hmac("pasteur.secret_key", "", secret=secret, algorithm="sha256").hexdigest()[:32]


def _others() -> QuerySet[SecretKey]:
    return SecretKey.objects.exclude(fingerprint__in=[fingerprint(secret) for secret in _secrets()])


def _secrets() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


def _open(secrets: tuple[str, ...]) -> bytes:
    """Return the key of digests, and store a copy of it for the first of `secrets` if that is new."""
    copies = dict(SecretKey.objects.values_list("fingerprint", "digest_key"))
    for secret in secrets:
        if copy := copies.get(fingerprint(secret)):
            key: bytes = _cipher(secret).decrypt(copy.encode())
            if secret != secrets[0]:
                _store(secrets[0], key)
            return key
    if copies:
        raise ForeignSecretKeyError(MISMATCH)
    # Derived, not random: processes that start at the same time have the same one.
    _store(secrets[0], salted_hmac("pasteur.digest_key", "", secret=secrets[0], algorithm="sha256").digest())
    return _open(secrets)


_open_once = lru_cache(maxsize=1)(_open)


def _store(secret: str, key: bytes) -> None:
    """Store a copy; a process that has been faster has stored the same one, or has another SECRET_KEY."""
    row = SecretKey(fingerprint=fingerprint(secret), digest_key=_cipher(secret).encrypt(key).decode())
    row.number = (SecretKey.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        pass


def _cipher(secret: str) -> Any:
    from cryptography.fernet import Fernet  # Imported only where a copy is opened or made.

    key = salted_hmac("pasteur.digest_key.copy", "", secret=secret, algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _forget(*, setting: str, **kwargs: Any) -> None:
    _open_once.cache_clear()


setting_changed.connect(_forget)
