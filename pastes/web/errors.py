"""Django's error handlers, which respond in the format that suits the caller."""

import logging

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from pastes.http import responses

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request is malformed or its host is not in ALLOWED_HOSTS."""
    return responses.error(request, 400, "bad_request", gettext("The request is malformed or not meant for this site."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the caller lacks permission."""
    return responses.error(request, 403, "forbidden", gettext("You do not have access to this page."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form has no valid CSRF token because it comes from another site or was open for too long."""
    message = gettext("The form was not sent from this site, or was open for too long. Please send it again.")
    return responses.error(request, 403, "csrf", message)


def not_found(request: HttpRequest, exception: Exception | None = None, **kwargs: str) -> HttpResponse:
    """404: there is nothing here. The response does not reveal whether there ever was."""
    message = gettext("There is nothing at this address. The paste may have expired or been deleted.")
    return responses.error(request, 404, "not_found", message)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: an unexpected exception, which has been logged."""
    message = gettext("The error has been logged. Trying again may help.")
    try:
        return responses.error(request, 500, "server_error", message)
    except Exception:  # The error may be in the page itself.
        logger.exception("the error page failed")
        return responses.bare_server_error(message)
