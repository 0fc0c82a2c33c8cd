"""Encrypted pastes as a browser or pbincli creates them, with placeholder ciphertext."""

import json
from typing import Any

IV, SALT, CT = "uIZoBoN8fmsvGJvNGFtRKQ==", "SUDBCB8xWfE=", "dGVzdCBjaXBoZXJ0ZXh0IGFuZCB0YWc="


def adata(**values: Any) -> list[Any]:
    """Return the member `adata`, with these values instead of the defaults."""
    cipher = {"iv": IV, "salt": SALT, "iterations": 100_000, "key": 256, "tag": 128, "algorithm": "aes", "mode": "gcm"}
    cipher |= {"compression": "zlib"}
    options = {"formatter": "plaintext", "discussion": 0, "burn": 0}
    cipher |= {name: value for name, value in values.items() if name in cipher}
    options |= {name: value for name, value in values.items() if name in options}
    return [list(cipher.values()), *options.values()]


def sealed(**values: Any) -> str:
    """Return the whole object as compact JSON; `values` may also contain `v` and `ct`."""
    envelope = {"v": values.pop("v", 2), "adata": None, "ct": values.pop("ct", CT)}
    envelope["adata"] = adata(**values)
    return json.dumps(envelope, separators=(",", ":"))
