"""The document that Ninja makes of the code, with what it leaves out: headers of answers, and what a token is."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from pastes.http import responses

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
#: What each header says, and whether it is always there.
_HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {"description": "The revision and its copy, for If-Match.", "required": True, "schema": _TEXT},
    "Location": {"description": "The page of the new paste.", "required": True, "schema": _TEXT},
    responses.TOKEN_HEADER: {"description": "The edit token of the new paste.", "required": True, "schema": _TEXT},
    "Link": {"description": 'The next page of a list, as rel="next", if there is one.', "schema": _TEXT},
    "RateLimit": {"description": "How many new pastes may follow at once.", "schema": _TEXT},
    "RateLimit-Policy": {"description": "The rule that was nearest to its end.", "schema": _TEXT},
    "Retry-After": {"description": "Seconds to wait before it is tried again.", "required": True, "schema": _NUMBER},
    "WWW-Authenticate": {"description": "That an API token is needed.", "required": True, "schema": _TEXT},
}
_RATE = ("RateLimit", "RateLimit-Policy")
#: The headers of an answer, by its shape; and by its status.
_OF_SHAPES: dict[str, tuple[str, ...]] = {
    "PasteOut": ("ETag",),
    "PasteMade": ("ETag", "Location", responses.TOKEN_HEADER, *_RATE),
    "PastesOut": ("Link",),
    "RevisionsOut": ("Link",),
}
_OF_STATUSES: dict[int, tuple[str, ...]] = {
    304: ("ETag",),
    401: ("WWW-Authenticate",),
    429: ("Retry-After", *_RATE),
    503: ("Retry-After",),
}


class DescribedAPI(NinjaAPI):
    """An API that says all of itself."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> OpenAPISchema:
        """Return the document."""
        document = super().get_openapi_schema(*args, **kwargs)
        schemes = {"token": {"type": "http", "scheme": "bearer", "description": "An API token of the site."}}
        document["components"] |= {"securitySchemes": schemes, "headers": _HEADERS}
        for operations in document["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    _add_headers(int(status), response)
        return document


def _add_headers(status: int, response: dict[str, Any]) -> None:
    shape = response.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    names = _OF_STATUSES.get(status, ()) + _OF_SHAPES.get(shape.rpartition("/")[2], ())
    if names:
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
