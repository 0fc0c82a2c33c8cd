"""Keys of pastes: how they are drawn and what they look like."""

import hashlib
import re
import secrets

from django.conf import settings

#: 32 characters without look-alikes (no i, l, o, u); lower case, because clones land on case-insensitive disks.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

#: A key as it appears in an address. Anything else cannot be a paste and is answered without asking the database.
PATTERN = f"[{ALPHABET}]{{8,32}}"


_KEY = re.compile(PATTERN)
_OLD_CODE = re.compile("[A-Za-z0-9_-]{1,64}")


def can_be(text: str) -> bool:
    """Return whether a text has the shape of a key."""
    return _KEY.fullmatch(text) is not None


def can_be_old(text: str) -> bool:
    """Return whether a text has the shape of a code of the first Pasteur, such as `aB3_`."""
    return _OLD_CODE.fullmatch(text) is not None


def draw() -> str:
    """Return a fresh random key of PASTEUR_KEY_LENGTH characters, five bits each."""
    # 256 is 8 times 32, so every character is as likely as every other.
    return "".join(ALPHABET[byte % 32] for byte in secrets.token_bytes(settings.PASTEUR_KEY_LENGTH))


def derived(words: str) -> str:
    """Return the key that follows from some words, for what has to have the same one everywhere."""
    digest = hashlib.sha256(f"pasteur key {words}".encode(errors="surrogateescape")).digest()
    return "".join(ALPHABET[byte % 32] for byte in digest[: settings.PASTEUR_KEY_LENGTH])


class KeyConverter:
    """A URL path converter that only matches what can be a key."""

    regex = PATTERN

    def to_python(self, value: str) -> str:
        """Return the key as it stands in the address."""
        return value

    def to_url(self, value: str) -> str:
        """Return the key as it stands in the address."""
        return value
