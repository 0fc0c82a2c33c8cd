"""The formats of encrypted pastes. The server stores ciphertext, but never has the key and never decrypts.

There are two formats: PrivateBin's version 2 JSON object
(https://github.com/PrivateBin/PrivateBin/wiki/Encryption-format) and the original Pasteur's lowercase hexadecimal.
"""

import base64
import binascii
import json
import re
from typing import Any

from pastes.errors import RefusedError

_HEX = re.compile(r"([0-9a-f]{2})+\n?")
_MEMBERS = {"v", "adata", "ct"}
_FORMATTERS = {"plaintext", "syntaxhighlighting", "markdown"}
#: The allowed cipher parameters: key bits, tag bits, algorithm, mode, compression.
_CHOICES: tuple[set[object], ...] = ({128, 192, 256}, {64, 96, 128}, {"aes"}, {"ctr", "cbc", "gcm"}, {"zlib", "none"})
_MIN_ITERATIONS, _MAX_ITERATIONS = 10_001, 10_000_000
_IV_LENGTH, _SALT_LENGTH = 24, 14


def check(content: str) -> None:
    """Raise RefusedError unless the content is in one of the formats."""
    if _HEX.fullmatch(content):
        return
    try:
        sealed = json.loads(content)
    except (ValueError, RecursionError):
        raise _malformed("it is neither JSON nor hexadecimal") from None
    # The site's own pages add `password`, which allows readers' pages to tell a wrong key from a missing password.
    if not isinstance(sealed, dict) or not _MEMBERS <= set(sealed) <= _MEMBERS | {"password"}:
        raise _malformed("it must contain exactly v, adata and ct")
    if not isinstance(sealed.get("password", False), bool):
        raise _malformed("password must be true or false")
    check_object(sealed)


def check_object(sealed: dict[str, Any]) -> None:
    """Raise RefusedError unless `v`, `adata` and `ct` conform to version 2 and can be processed by browsers."""
    adata = sealed["adata"]
    if sealed["v"] != 2 or isinstance(sealed["v"], bool | float):
        raise _malformed("v must be 2")
    if not isinstance(adata, list) or len(adata) != 4 or not isinstance(adata[0], list) or len(adata[0]) != 8:
        raise _malformed("adata must be [[iv, salt, iterations, ...], formatter, discussion, burn]")
    iv, salt, iterations, *cipher = adata[0]
    _check_base64("iv", iv, _IV_LENGTH)
    _check_base64("salt", salt, _SALT_LENGTH)
    if not _is_whole(iterations) or not _MIN_ITERATIONS <= iterations <= _MAX_ITERATIONS:
        raise _malformed(f"iterations must be between {_MIN_ITERATIONS} and {_MAX_ITERATIONS}")
    for value, allowed in zip(cipher, _CHOICES, strict=True):
        if isinstance(value, bool | float | list | dict) or value not in allowed:
            raise _malformed(f"the cipher must use one of {', '.join(sorted(map(str, allowed)))}")
    if not isinstance(adata[1], str) or adata[1] not in _FORMATTERS:
        raise _malformed(f"the formatter must be one of {', '.join(sorted(_FORMATTERS))}")
    if any(not _is_whole(flag) or flag not in {0, 1} for flag in adata[2:]):
        raise _malformed("discussion and burn must be 0 or 1")
    _check_base64("ct", sealed["ct"], None)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_base64(name: str, value: object, limit: int | None) -> None:
    if not isinstance(value, str) or not value or (limit and len(value) > limit):
        raise _malformed(f"{name} must be base64" + (f" of at most {limit} characters" if limit else ""))
    try:
        base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise _malformed(f"{name} is not base64") from None


def _malformed(why: str) -> RefusedError:
    return RefusedError("ciphertext", f"This is not an encrypted paste: {why}.", field="content")
