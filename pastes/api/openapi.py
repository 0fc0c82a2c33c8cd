"""The OpenAPI document, with the response headers and the security scheme that Ninja omits."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from pastes.http import responses

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
#: The response headers, keyed by name.
_HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {"description": "The revision and the state of its copy, for If-Match.", "required": True, "schema": _TEXT},
    "Location": {"description": "The URL of the new paste.", "required": True, "schema": _TEXT},
    responses.TOKEN_HEADER: {"description": "The edit token of the new paste.", "required": True, "schema": _TEXT},
    "Link": {"description": 'The next page of a list as rel="next", except on the last page.', "schema": _TEXT},
    "RateLimit": {"description": "How many pastes may be created now.", "schema": _TEXT},
    "RateLimit-Policy": {"description": "The rate limit with the fewest requests left.", "schema": _TEXT},
    "Retry-After": {"description": "Seconds to wait before a retry.", "required": True, "schema": _NUMBER},
    "WWW-Authenticate": {"description": "An API token is required.", "required": True, "schema": _TEXT},
}
_RATE = ("RateLimit", "RateLimit-Policy")
#: The names of a response's headers, keyed by its schema and by its status.
_BY_SCHEMA: dict[str, tuple[str, ...]] = {
    "PasteOut": ("ETag",),
    "PasteCreated": ("ETag", "Location", responses.TOKEN_HEADER, *_RATE),
    "PastesOut": ("Link",),
    "RevisionsOut": ("Link",),
}
_BY_STATUS: dict[int, tuple[str, ...]] = {
    304: ("ETag",),
    401: ("WWW-Authenticate",),
    429: ("Retry-After", *_RATE),
    503: ("Retry-After",),
}


class PasteurAPI(NinjaAPI):
    """A Ninja API with a complete OpenAPI document."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> OpenAPISchema:
        document = super().get_openapi_schema(*args, **kwargs)
        schemes = {"token": {"type": "http", "scheme": "bearer", "description": "An API token of the site."}}
        document["components"] |= {"securitySchemes": schemes, "headers": _HEADERS}
        for operations in document["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    _add_headers(int(status), response)
        return document


def _add_headers(status: int, response: dict[str, Any]) -> None:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    names = _BY_STATUS.get(status, ()) + _BY_SCHEMA.get(schema.rpartition("/")[2], ())
    if names:
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
