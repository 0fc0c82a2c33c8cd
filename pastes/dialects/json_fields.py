"""The members of a JSON object: which there have to be, which there may be, and of which types. Pure."""

from collections.abc import Mapping
from typing import Any

from pastes.errors import RefusedError

_NAMES = {str: "a string", list: "a list", dict: "an object", int: "a whole number", bool: "true or false"}

Types = tuple[type, ...]


def of(
    value: object, *, where: str, required: Mapping[str, Types] = {}, optional: Mapping[str, Types] = {}
) -> dict[str, Any]:
    """Return an object that has all required members, perhaps optional ones and no others. Raises RefusedError.

    `where` names the object for whoever has sent it.
    """
    if not isinstance(value, dict):
        raise RefusedError("not_an_object", f"{where} must be an object.", field=where)
    known = {**required, **optional}
    for name, member in value.items():
        shown = name[:50]
        if name not in known:
            raise RefusedError("unknown_field", f"There is no field called {shown!r} in {where}.", field=shown)
        if not isinstance(member, known[name]) or (isinstance(member, bool) and bool not in known[name]):
            names = " or ".join(_NAMES.get(kind, "null") for kind in known[name])
            raise RefusedError("wrong_type", f"{shown} must be {names}.", field=shown)
    for name in required:
        if name not in value:
            raise RefusedError("missing_field", f"{where} needs {name}.", field=name)
    return value
