"""An encrypted paste as a browser or pbincli would make it, as far as a server can tell."""

import json
from typing import Any

IV, SALT, CT = "uIZoBoN8fmsvGJvNGFtRKQ==", "SUDBCB8xWfE=", "dGVzdCBjaXBoZXJ0ZXh0IGFuZCB0YWc="


def adata(**facts: Any) -> list[Any]:
    """Return the public half; `facts` are other values for its places."""
    cipher = {"iv": IV, "salt": SALT, "iterations": 100_000, "key": 256, "tag": 128, "algorithm": "aes", "mode": "gcm"}
    cipher |= {"compression": "zlib"}
    rest = {"formatter": "plaintext", "discussion": 0, "burn": 0}
    cipher |= {name: value for name, value in facts.items() if name in cipher}
    rest |= {name: value for name, value in facts.items() if name in rest}
    return [list(cipher.values()), *rest.values()]


def sealed(**facts: Any) -> str:
    """Return the whole object in compact JSON; `facts` may also be `v` and `ct`."""
    whole = {"v": facts.pop("v", 2), "adata": None, "ct": facts.pop("ct", CT)}
    whole["adata"] = adata(**facts)
    return json.dumps(whole, separators=(",", ":"))
