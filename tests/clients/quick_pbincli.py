"""pbincli, with keys derived by its library's C code: with its own HMAC in Python, a key takes seconds."""

import sys
from typing import Any

from Crypto.Hash import SHA256
from Crypto.Protocol import KDF
from pbincli.cli import main

derive: Any = KDF.PBKDF2


def fast_pbkdf2(password: bytes, salt: bytes, **how: Any) -> bytes:
    """Return the result of PBKDF2 for pbincli's function, which is HMAC-SHA-256."""
    in_c = {name: value for name, value in how.items() if name != "prf"} | {"hmac_hash_module": SHA256}
    short = {"count": 2}
    assert derive(password, salt, **how | short) == derive(password, salt, **in_c | short)
    key: bytes = derive(password, salt, **in_c)
    return key


vars(KDF)["PBKDF2"] = fast_pbkdf2
sys.exit(main())
