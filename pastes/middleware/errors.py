"""Turns what the views raise into an answer that its caller understands."""

from collections.abc import Callable

from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext

from pastes.errors import KeysExhaustedError, RefusedError, incomplete, too_large
from pastes.http import methods, responses
from pastes.web import refilled_form


class ErrorMiddleware:
    """Answer refusals, and a database out of reach, as JSON, as a page or as one line of text."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse a request that no view would take; let all others pass."""
        request.get_host()  # Raises for a host that is not ours, before anything is done for it.
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if announced.isdecimal() and int(announced) > settings.PASTEUR_MAX_BODY_BYTES:
            return responses.refusal(request, too_large(settings.PASTEUR_MAX_BYTES))
        response = self.get_response(request)
        if response.status_code == 405:
            return _not_allowed(request, response)
        return refilled_form.replace_error_page(response, request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer what a view raised; whatever is not known here goes on to Django's own handling."""
        if isinstance(exception, RefusedError):
            return responses.refusal(request, exception)
        if isinstance(exception, UnreadablePostError):
            return responses.refusal(request, incomplete())
        if isinstance(exception, KeysExhaustedError):
            return responses.unavailable(request, gettext("No free key was found. Please try again."))
        if isinstance(exception, DataError):
            return responses.error(request, 400, "bad_request", gettext("The request holds what no paste can."))
        if isinstance(exception, OperationalError | InterfaceError):
            return responses.unavailable(
                request, gettext("The database does not answer. Please try again in a moment.")
            )
        return None


class ApiHeadMiddleware:
    """Let HEAD be answered where the API, whose library does not do that, answers GET."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as GET is answered; whoever sends the answer leaves its body out."""
        if request.method != "HEAD" or not request.path_info.startswith("/api/v1/"):
            return self.get_response(request)
        request.method = "GET"
        try:
            return self.get_response(request)
        finally:
            request.method = "HEAD"


def _not_allowed(request: HttpRequest, bare: HttpResponseBase) -> HttpResponse:
    """Return 405 in the form of its caller, with the methods that the view takes."""
    allowed = methods.format_allow(bare.headers.get("Allow", "GET, POST"))
    message = gettext("%(method)s cannot be used here; %(allowed)s can.")
    message %= {"method": request.method, "allowed": allowed}
    response = responses.error(request, 405, "method_not_allowed", message)
    response.headers["Allow"] = allowed
    return response
