"""The REST API: JSON in, JSON out, nothing else; described by the OpenAPI document that it makes of itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from ninja.errors import HttpError, ValidationError

from pastes.api import limits, lists, moderation, pastes, revisions
from pastes.api.common import StrictParser
from pastes.api.openapi import DescribedAPI
from pastes.errors import RefusedError
from pastes.http import responses
from pastes.http.methods import read_only

#: Codes by what Pydantic calls it (https://docs.pydantic.dev/latest/errors/validation_errors/); the rest is wrong_type.
_CODES = {
    "extra_forbidden": "unknown_field",
    "missing": "missing_field",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "int_parsing_size": "out_of_range",
}
#: Where it says which number was passed.
_LIMITS = {"ge", "le"}
#: The headers that are at fault, by code, where no field is.
_HEADERS = {"conflict": "If-Match", "precondition": "If-Match", "token": responses.TOKEN_HEADER}

api = DescribedAPI(
    title="Pasteur",
    version="1",
    description="Pastes: make, read, find, edit, fork, burn and delete them.",
    urls_namespace="api",
    parser=StrictParser(),
    docs_url="/docs",
    docs_decorator=read_only,
    openapi_url="/openapi.json",
    openapi_extra={"security": [{}, {"token": []}]},
)
api.add_router("", lists.router)
api.add_router("/pastes", pastes.router)
api.add_router("/pastes", revisions.router)
api.add_router("/pastes", moderation.router)
api.add_router("", limits.router)


@read_only
def root(request: HttpRequest) -> HttpResponse:
    """Lead whoever asks what there is to the page that says it."""
    return redirect("/api/v1/docs")


@api.exception_handler(RefusedError)
def refused(request: HttpRequest, error: RefusedError) -> HttpResponse:
    """Answer input that cannot become a paste, naming a field as where it stands in what was sent."""
    field = error.field or _HEADERS.get(error.code, "")
    field = field if error.file is None else f"files.{error.file}.{field}"
    return responses.error(request, error.status, error.code, error.message, field, error.limit)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer a body that the parser refused; Ninja wraps what it raised."""
    if isinstance(error.__cause__, RefusedError):
        return responses.refusal(request, error.__cause__)
    return responses.error(request, error.status_code, "bad_request", str(error))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer a request of another shape, naming the first field that is wrong."""
    first = error.errors[0]
    place = first["loc"][0]
    if place == "path":
        return responses.error(request, 404, "not_found", "There is no such paste.")
    if place == "body" and not request.body:  # Ninja does not ask the parser about a body that is not there.
        return responses.error(request, 400, "bad_json", "The body is empty.")
    field = ".".join(str(part)[:50] for part in first["loc"][2 if place == "body" else 1 :])
    code = _CODES.get(first["type"], "wrong_type")
    limits = [value for name, value in first.get("ctx", {}).items() if name in _LIMITS]
    message = f"{field or 'the body'}: {first['msg']}"
    return responses.error(request, 422, code, message, field, limits[0] if limits else None)
