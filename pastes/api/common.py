"""Code shared by the API's routers: the router class, parameters, looking up a paste, and error statuses."""

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import ninja
from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Query
from ninja.parser import Parser
from ninja.signature import ViewSignature
from pydantic import BeforeValidator

from pastes.access import edit_tokens
from pastes.api.schemas import ErrorOut
from pastes.errors import RefusedError
from pastes.http import paste_options, request_body, responses
from pastes.lifecycle import reading
from pastes.models import Paste
from pastes.rules import keys

#: The error statuses that any read, or any write, may return.
READ_ERRORS = frozenset({400, 401, 403, 404, 422, 429, 503})
WRITE_ERRORS = READ_ERRORS | {413, 415}

Key = Annotated[str, Path(pattern=f"^{keys.PATTERN}$", description="The key of a paste.")]
Token = Annotated[str, Header(alias="X-Pasteur-Token", description="The edit token of the paste.")]


def _check_digits(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.removeprefix("-").isdigit()):
        message = "Input should be a valid integer, such as 12"
        raise ValueError(message)
    return value


#: Pydantic itself accepts 1.0 and 1_000 as integers, which the OpenAPI document does not allow. For a type with a
#: validator, Ninja only takes the default of a parameter from `Query`.
Integer = Annotated[int, BeforeValidator(_check_digits)]

Before = Annotated[Integer | None, Query(None, ge=1, le=2**63 - 1, description="Where the previous page ended.")]
Length = Annotated[Integer, Query(30, ge=1, le=100, description="The maximum number of items.")]


class StrictParser(Parser):
    """A parser that applies the site's rules for JSON bodies: UTF-8, no duplicate keys, limited size."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        return request_body.json_object(request)


class Router(ninja.Router):
    """A router that refuses unknown query parameters and options, so that typos are reported."""

    def add_api_operation(self, path: str, methods: list[str], view_func: Callable[..., Any], **options: Any) -> None:
        models = ViewSignature(path, view_func).models
        allowed = {
            field.alias or name
            for model in models
            if model.__ninja_param_source__ == "query"
            for name, field in model.model_fields.items()
        }

        @wraps(view_func)
        def strict(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            paste_options.check_parameters(request, allowed)
            return view_func(request, *args, **kwargs)

        super().add_api_operation(path, methods, strict, **options)


def response_schemas(status: int, schema: Any, errors: frozenset[int]) -> dict[Any, Any]:
    """Return the response schemas of an operation, for success and for its error statuses."""
    return {status: schema, errors: ErrorOut}


def find(key: str, *, with_copy: bool = False) -> Paste:
    """Return the readable paste with this key, as `reading.find` does. Raise RefusedError."""
    return _require(reading.find(key, with_copy=with_copy))


def _require(paste: Paste | None) -> Paste:
    if paste is None:
        raise not_found()
    return paste


def not_found() -> RefusedError:
    """Return the error for a key that has no readable paste."""
    return RefusedError("not_found", "There is no such paste.", status=404)


def find_owned(key: str, token: str, *, deleting: bool = False) -> Paste:
    """Return the paste with this key if the caller may change it. Raise RefusedError."""
    paste = _require(reading.find_to_change(key))
    edit_tokens.demand(paste, token, deleting=deleting)
    return paste


def link_next(request: HttpRequest, response: HttpResponse, before: int | None) -> str | None:
    """Return the URL of a list's next page and set the `Link` header (RFC 8288). Return None on the last page."""
    if before is None:
        return None
    query = request.GET.copy()
    query["before"] = str(before)
    url = responses.absolute_url(request, f"{request.path}?{query.urlencode()}")
    response.headers["Link"] = f'<{url}>; rel="next"'
    return url
