"""Validation of a JSON object's required and optional fields and their types. Pure."""

from collections.abc import Mapping
from typing import Any

from pastes.errors import RefusedError

_TYPE_NAMES = {str: "a string", list: "a list", dict: "an object", int: "a whole number", bool: "true or false"}

Types = tuple[type, ...]


def validate(
    value: object, *, object_name: str, required: Mapping[str, Types] = {}, optional: Mapping[str, Types] = {}
) -> dict[str, Any]:
    """Return the object if it has all required fields, and otherwise only optional ones. Raise RefusedError.

    `object_name` describes the object in error messages.
    """
    if not isinstance(value, dict):
        raise RefusedError("not_an_object", f"{object_name} must be an object.", field=object_name)
    types = {**required, **optional}
    for name, member in value.items():
        if name not in types:
            message = f"{object_name} has an unknown field: {name[:50]!r}."
            raise RefusedError("unknown_field", message, field=name[:50])
        if not isinstance(member, types[name]) or (isinstance(member, bool) and bool not in types[name]):
            type_names = " or ".join(_TYPE_NAMES.get(type_, "null") for type_ in types[name])
            raise RefusedError("wrong_type", f"{name[:50]} must be {type_names}.", field=name[:50])
    for name in required:
        if name not in value:
            raise RefusedError("missing_field", f"{object_name} requires {name}.", field=name)
    return value
