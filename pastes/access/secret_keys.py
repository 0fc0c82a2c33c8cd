"""Check that this process's SECRET_KEY belongs to the database, and provide the key of stored digests.

Digests of erased content cannot be recomputed with a different key. They therefore have their own key, which is stored
encrypted with each SECRET_KEY that the site uses. A new SECRET_KEY gets a copy, so the digests do not change. The same
rows reveal a process with a foreign SECRET_KEY.
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
    "SECRET_KEY does not belong to this database. Use the same key for all processes and, after a restore, the one "
    "from the backup. If it is lost, run: manage.py secret_key adopt"
)


class ForeignSecretKeyError(ImproperlyConfigured):
    """The SECRET_KEY of this process is not the site's."""


def mismatch() -> str:
    """Return MISMATCH if the SECRET_KEY is foreign, or an empty string. The first key checked becomes the site's."""
    if SecretKey.objects.filter(fingerprint=fingerprint(settings.SECRET_KEY)).exists():
        return ""  # Without the import of cryptography, which takes a tenth of a second at every start.
    try:
        _open(_secrets())
    except ForeignSecretKeyError as error:
        return str(error)
    return ""


def digest_key() -> bytes:
    """Return the key of stored digests. Raise ForeignSecretKeyError."""
    return _open_once(_secrets())


def add(secret: str) -> None:
    """Accept `secret` as another SECRET_KEY of the site. Raise ForeignSecretKeyError if the current one is foreign."""
    key = _open(_secrets())
    if not SecretKey.objects.filter(fingerprint=fingerprint(secret)).exists():
        _store(secret, key)


def count_others() -> int:
    """Return the number of keys that are neither the current one nor a fallback."""
    return _others().count()


def forget_others() -> int:
    """Delete the keys that are neither the current one nor a fallback. Return how many were deleted."""
    _open(_secrets())
    return _others().delete()[0]


@transaction.atomic
def adopt() -> None:
    """Make the current SECRET_KEY the only one. Content purged before is no longer recognized."""
    SecretKey.objects.all().delete()
    _open_once.cache_clear()
    _open(_secrets())


def fingerprint(secret: str) -> str:
    """Return a digest that identifies a SECRET_KEY without revealing it."""
    return salted_hmac("pasteur.secret_key", "", secret=secret, algorithm="sha256").hexdigest()[:32]


def _others() -> QuerySet[SecretKey]:
    return SecretKey.objects.exclude(fingerprint__in=[fingerprint(secret) for secret in _secrets()])


def _secrets() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


def _open(secrets: tuple[str, ...]) -> bytes:
    """Return the key of digests, storing a copy for the first of `secrets` if that is new."""
    copies = dict(SecretKey.objects.values_list("fingerprint", "digest_key"))
    for secret in secrets:
        if copy := copies.get(fingerprint(secret)):
            key: bytes = _cipher(secret).decrypt(copy.encode())
            if secret != secrets[0]:
                _store(secrets[0], key)
            return key
    if copies:
        raise ForeignSecretKeyError(MISMATCH)
    # Derived instead of random, so that processes that start at the same time get the same key.
    key = salted_hmac("pasteur.digest_key", "", secret=secrets[0], algorithm="sha256").digest()
    _store(secrets[0], key, number=1)
    return _open(secrets)


_open_once = lru_cache(maxsize=1)(_open)


def _store(secret: str, key: bytes, *, number: int = 0) -> None:
    """Store a copy of the key, unless another process has just done so or has a different SECRET_KEY.

    The first one has the number 1, so that of several processes only one can store it.
    """
    row = SecretKey(fingerprint=fingerprint(secret), digest_key=_cipher(secret).encrypt(key).decode())
    row.number = number or (SecretKey.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        pass


def _cipher(secret: str) -> Any:
    from cryptography.fernet import Fernet  # Only imported when a copy is opened or created.

    key = salted_hmac("pasteur.digest_key.copy", "", secret=secret, algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _forget(*, setting: str, **kwargs: Any) -> None:
    _open_once.cache_clear()


setting_changed.connect(_forget)
