"""What the parts of the API share: reading a request, finding what it names, and the errors that all may answer."""

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import ninja
from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Query
from ninja.parser import Parser
from ninja.signature import ViewSignature

from pastes.access import edit_tokens
from pastes.api.schemas import ErrorOut
from pastes.errors import RefusedError
from pastes.http import paste_options, request_body, responses
from pastes.lifecycle import reading
from pastes.models import Paste
from pastes.rules import keys

#: What may go wrong with every request: malformed, a wrong API token, not allowed, too often, the database away.
READING = frozenset({400, 401, 403, 404, 422, 429, 503})
WRITING = READING | {413, 415}

Key = Annotated[str, Path(pattern=f"^{keys.PATTERN}$", description="The key of a paste.")]
Token = Annotated[str, Header(alias="X-Pasteur-Token", description="The edit token of the paste.")]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Where the last page ended.")]
Length = Annotated[int, Query(ge=1, le=100, description="How many at most.")]


class StrictParser(Parser):
    """JSON without duplicate keys, in UTF-8, within the limit."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return the body as an object. Raises RefusedError."""
        return request_body.json_object(request)


class Router(ninja.Router):
    """Operations that refuse parameters and options which they do not have, so that a typo never changes an answer."""

    def add_api_operation(self, path: str, methods: list[str], view_func: Callable[..., Any], **how: Any) -> None:
        """Add one, as Ninja does."""
        models = ViewSignature(path, view_func).models
        known = {
            field.alias or name
            for model in models
            if model.__ninja_param_source__ == "query"
            for name, field in model.model_fields.items()
        }

        @wraps(view_func)
        def strict(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            paste_options.check_parameters(request, known)
            return view_func(request, *args, **kwargs)

        super().add_api_operation(path, methods, strict, **how)


def answering(status: int, shape: Any, errors: frozenset[int]) -> dict[Any, Any]:
    """Return the answers of an operation: the one that was asked for, and the errors."""
    return {status: shape, errors: ErrorOut}


def find(key: str, *, with_copy: bool = False) -> Paste:
    """Return the readable paste of this key, found as `reading.find` does. Raises RefusedError."""
    return _there(reading.find(key, with_copy=with_copy))


def _there(paste: Paste | None) -> Paste:
    if paste is None:
        raise RefusedError("not_found", "There is no such paste.", status=404)
    return paste


def owned(key: str, token: str, *, deleting: bool = False) -> Paste:
    """Return the readable paste of this key to who has its edit token. Raises RefusedError."""
    paste = _there(reading.find_to_change(key))
    edit_tokens.demand(paste, token, deleting=deleting)
    return paste


def link_next(request: HttpRequest, response: HttpResponse, before: int | None) -> str | None:
    """Return the address of the next page of a list, in a `Link` header (RFC 8288) too; None when there is none."""
    if before is None:
        return None
    query = request.GET.copy()
    query["before"] = str(before)
    url = responses.absolute_url(request, f"{request.path}?{query.urlencode()}")
    response.headers["Link"] = f'<{url}>; rel="next"'
    return url
