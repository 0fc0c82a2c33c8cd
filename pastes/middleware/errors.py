"""Convert exceptions raised by views to responses in the format that suits the caller."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext

from pastes.errors import KeysExhaustedError, RefusedError, incomplete, too_large
from pastes.http import methods, responses
from pastes.storage import database_errors
from pastes.web import refilled_form


class ErrorMiddleware:
    """Respond to refused input and database errors with JSON, a page, or a line of text."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.get_host()  # Raise DisallowedHost before doing any work for an unknown host.
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if announced.isdecimal() and int(announced) > settings.PASTEUR_MAX_BODY_BYTES:
            return responses.refusal(request, too_large(settings.PASTEUR_MAX_BYTES))
        if request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower() not in {"", "identity"}:
            message = "Send the body unencoded, without Content-Encoding."
            return responses.error(request, 415, "content_encoding", message, field="Content-Encoding")
        response = self.get_response(request)
        if response.status_code == 405:
            return _method_not_allowed(request, response)
        return refilled_form.replace_error_page(response, request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, RefusedError):
            return responses.refusal(request, exception)
        if isinstance(exception, UnreadablePostError):
            return responses.refusal(request, incomplete())
        if isinstance(exception, KeysExhaustedError):
            return responses.unavailable(request, gettext("No free key was found. Please try again."))
        if database_errors.is_about_data(exception):
            return responses.error(
                request, 400, "bad_request", gettext("The request contains a value that cannot be stored.")
            )
        if database_errors.is_temporary(exception):
            message = gettext("The database is not responding. Please try again in a moment.")
            if database_errors.stores_nothing(exception):
                message = gettext("The database cannot store anything: its disk is full or it is read-only.")
            return responses.unavailable(request, message)
        return None


class ApiHeadMiddleware:
    """Treat HEAD as GET in the API, since Ninja does not. The server omits the body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "HEAD" or not request.path_info.startswith("/api/v1/"):
            return self.get_response(request)
        request.method = "GET"
        try:
            return self.get_response(request)
        finally:
            request.method = "HEAD"


def _method_not_allowed(request: HttpRequest, bare: HttpResponseBase) -> HttpResponse:
    """Convert Django's empty 405 response to the format that suits the caller."""
    allowed = methods.format_allow(bare.headers.get("Allow", "GET, POST"))
    message = gettext("%(method)s is not allowed here. Allowed: %(allowed)s.")
    message %= {"method": request.method, "allowed": allowed}
    response = responses.error(request, 405, "method_not_allowed", message)
    response.headers["Allow"] = allowed
    return response
