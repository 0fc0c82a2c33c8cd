"""The TSIG key for updates of the name server (RFC 2136, RFC 8945), from a file as `tsig-keygen` of BIND writes it."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from pathlib import Path

_ALGORITHMS = {"hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"}
_KEY = re.compile(r'\bkey\s+"?([A-Za-z0-9._-]+)"?\s*\{([^}]*)\}', re.IGNORECASE)
_COMMENT = re.compile(r"^\s*(//|#).*$", re.MULTILINE)
_FORM = 'key "NAME" { algorithm hmac-sha256; secret "BASE64"; };'


@dataclass(frozen=True)
class Key:
    """A key that this site shares with the name server."""

    name: str
    algorithm: str
    secret: str = field(repr=False)


def read(file: Path) -> Key:
    """Return the key in a file. Raises ValueError with the reason, which never repeats the content."""
    try:
        text = _COMMENT.sub("", file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"is not text: it must be {_FORM}") from None
    keys = _KEY.findall(text)
    if len(keys) != 1:
        raise ValueError(f"has {'several keys' if keys else 'no key'}: it must be {_FORM}")
    name, body = keys[0]
    algorithm = re.search(r'\balgorithm\s+"?([\w.-]+)"?\s*;', body, re.IGNORECASE)
    secret = re.search(r'\bsecret\s+"?([A-Za-z0-9+/=]+)"?\s*;', body, re.IGNORECASE)
    if not algorithm or not secret:
        raise ValueError(f"has no algorithm or no secret: it must be {_FORM}")
    kind = algorithm[1].lower().removesuffix(".sig-alg.reg.int")
    if kind not in _ALGORITHMS:
        raise ValueError(f"has an unknown algorithm; known are {', '.join(sorted(_ALGORITHMS))}")
    try:
        base64.b64decode(secret[1], validate=True)
    except binascii.Error:
        raise ValueError("has a secret that is not Base64") from None
    return Key(name, kind, secret[1])
