"""The keys of pastes: their format and how they are generated."""

import hashlib
import re
import secrets

from django.conf import settings

#: 32 characters without look-alikes (no i, l, o, u). Lowercase, because clones may be on case-insensitive disks.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

#: A key as it appears in a URL. The database is not queried for anything else.
PATTERN = f"[{ALPHABET}]{{8,32}}"


_KEY = re.compile(PATTERN)
_OLD_CODE = re.compile("[A-Za-z0-9_-]{1,64}")


def is_valid_key(text: str) -> bool:
    """Return whether the text has the format of a key."""
    return _KEY.fullmatch(text) is not None


def is_valid_old_code(text: str) -> bool:
    """Return whether the text has the format of a code of the original Pasteur, such as `aB3_`."""
    return _OLD_CODE.fullmatch(text) is not None


def draw() -> str:
    """Return a new random key of PASTEUR_KEY_LENGTH characters with five bits each."""
    # 256 is a multiple of 32, so all characters are equally likely.
    return "".join(ALPHABET[byte % 32] for byte in secrets.token_bytes(settings.PASTEUR_KEY_LENGTH))


def derived(seed: str) -> str:
    """Return a key derived from the seed, for pastes that must have the same key on all sites."""
    digest = hashlib.sha256(f"pasteur key {seed}".encode(errors="surrogateescape")).digest()
    return "".join(ALPHABET[byte % 32] for byte in digest[: settings.PASTEUR_KEY_LENGTH])


class KeyConverter:
    """A URL path converter for keys."""

    regex = PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
