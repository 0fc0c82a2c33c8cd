"""The pages for what went wrong, in the form of their caller."""

import logging

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from pastes.http import responses

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request itself is malformed, or names a host that this site is not."""
    return responses.error(
        request, 400, "bad_request", gettext("The request is malformed, or not meant for this site.")
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: who asks may not."""
    return responses.error(request, 403, "forbidden", gettext("This is not for you."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form that did not come from our own page, or from one left open for very long."""
    message = gettext("The form did not come from this site, or was open for very long. Please send it again.")
    return responses.error(request, 403, "csrf", message)


def not_found(request: HttpRequest, exception: Exception | None = None, **kwargs: str) -> HttpResponse:
    """404: there is nothing here, or no longer, or not yet; which of these is nobody's business."""
    message = gettext("Nothing is here. It may have expired, or never have been.")
    return responses.error(request, 404, "not_found", message)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault. The log has the details."""
    message = gettext("The error has been written to the log. Trying again may help.")
    try:
        return responses.error(request, 500, "server_error", message)
    except Exception:  # The last line of defence: the page itself may be what broke.
        logger.exception("the error page failed")
        return responses.last_words(message)
