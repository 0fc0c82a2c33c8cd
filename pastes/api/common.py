"""What the routers of the API share: the router class, parameters, finding a paste, and error statuses."""

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

#: The error statuses of every read, and of every write.
READ_ERRORS = frozenset({400, 401, 403, 404, 422, 429, 503})
WRITE_ERRORS = READ_ERRORS | {413, 415}

Key = Annotated[str, Path(pattern=f"^{keys.PATTERN}$", description="The key of a paste.")]
Token = Annotated[str, Header(alias="X-Pasteur-Token", description="The edit token of the paste.")]


def _check_digits(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.removeprefix("-").isdigit()):
        message = "Input should be a valid integer, such as 12"
        raise ValueError(message)
    return value


#: Pydantic alone reads 1.0 and 1_000 as integers, which the OpenAPI document does not allow. With a validator, Ninja
#: takes the default of a parameter from `Query` alone.
Integer = Annotated[int, BeforeValidator(_check_digits)]

Before = Annotated[Integer | None, Query(None, ge=1, le=2**63 - 1, description="The end of the previous page.")]
Length = Annotated[Integer, Query(30, ge=1, le=100, description="The maximum number of items.")]


class StrictParser(Parser):
    """Parses bodies with the site's rules for JSON: UTF-8, no duplicate keys, limited in size."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        return request_body.json_object(request)


class Router(ninja.Router):
    """Refuses unknown query parameters and options, so that a typo is an error."""

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
    """Return the response schemas of an operation: of its success, and of its error statuses."""
    return {status: schema, errors: ErrorOut}


def find(key: str, *, with_copy: bool = False) -> Paste:
    """Return the readable paste of this key, as `reading.find` does. Raises RefusedError."""
    return _require(reading.find(key, with_copy=with_copy))


def _require(paste: Paste | None) -> Paste:
    if paste is None:
        raise not_found()
    return paste


def not_found() -> RefusedError:
    """Return the error for a key without a readable paste."""
    return RefusedError("not_found", "There is no such paste.", status=404)


def find_owned(key: str, token: str, *, deleting: bool = False) -> Paste:
    """Return the paste of this key, given its edit token. Raises RefusedError."""
    paste = _require(reading.find_to_change(key))
    edit_tokens.demand(paste, token, deleting=deleting)
    return paste


def link_next(request: HttpRequest, response: HttpResponse, before: int | None) -> str | None:
    """Return the URL of the next page of a list, and set it as `Link` header (RFC 8288); None for the last page."""
    if before is None:
        return None
    query = request.GET.copy()
    query["before"] = str(before)
    url = responses.absolute_url(request, f"{request.path}?{query.urlencode()}")
    response.headers["Link"] = f'<{url}>; rel="next"'
    return url
