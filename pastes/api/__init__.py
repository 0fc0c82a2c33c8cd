"""The REST API: JSON in and out, described by an OpenAPI document."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from ninja.errors import HttpError, ValidationError

from pastes.api import limits, lists, moderation, pastes, revisions
from pastes.api.common import StrictParser
from pastes.api.openapi import PasteurAPI
from pastes.errors import RefusedError
from pastes.http import responses
from pastes.http.methods import read_only
from pastes.rules.site_path import site_path

#: Maps Pydantic's error types (https://docs.pydantic.dev/latest/errors/validation_errors/) to our codes. All others are
#: mapped to wrong_type.
_CODES = {
    "extra_forbidden": "unknown_field",
    "missing": "missing_field",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "int_parsing_size": "out_of_range",
}
#: The keys in Pydantic's error context that contain the violated limit.
_LIMITS = {"ge", "le"}
#: The header reported as the field of an error, keyed by error code.
_HEADERS = {"conflict": "If-Match", "precondition": "If-Match", "token": responses.TOKEN_HEADER}

api = PasteurAPI(
    title="Pasteur",
    version="1",
    description="Create, read, find, edit, fork, burn and delete pastes.",
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
    """Redirect to the documentation page."""
    return redirect(site_path("/api/v1/docs"))


@api.exception_handler(RefusedError)
def handle_refusal(request: HttpRequest, error: RefusedError) -> HttpResponse:
    """Respond to invalid input. The `field` in the response is its path in the request."""
    field = error.field or _HEADERS.get(error.code, "")
    field = field if error.file is None else f"files.{error.file}.{field}"
    return responses.error(request, error.status, error.code, error.message, field, error.limit)


@api.exception_handler(HttpError)
def handle_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Respond to an unreadable body. Ninja wraps the error raised by the parser."""
    if isinstance(error.__cause__, RefusedError):
        return responses.refusal(request, error.__cause__)
    return responses.error(request, error.status_code, "bad_request", str(error))


@api.exception_handler(ValidationError)
def handle_validation_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Respond to a request that does not match the schema, reporting the first invalid field."""
    problem = error.errors[0]
    source = problem["loc"][0]
    if source == "path":
        return responses.error(request, 404, "not_found", "There is no such paste.")
    if source == "body" and not request.body:  # Ninja does not call the parser for an empty body.
        return responses.error(request, 400, "bad_json", "The body is empty.")
    field = ".".join(str(part)[:50] for part in problem["loc"][2 if source == "body" else 1 :])
    code = _CODES.get(problem["type"], "wrong_type")
    limits = [value for name, value in problem.get("ctx", {}).items() if name in _LIMITS]
    message = f"{field or 'the body'}: {problem['msg']}"
    return responses.error(request, 422, code, message, field, limits[0] if limits else None)
