"""Answers 429, with the seconds to wait, to callers that exceed a rate limit.

Every request counts as a read. A request that creates or changes a paste, or reports one, also counts as that, unless
it is refused for another reason. Wrong edit tokens count where they are compared (caller_rates.charge_guess); wrong
passwords count for the account as well. Callers on this machine have no limits. An API token may have its own rates.
"""

import math
from collections.abc import Callable, Iterator

from django.contrib.auth import get_user_model
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext

from pastes.access import caller_rates
from pastes.access.request_context import RequestContext, current
from pastes.http import problems, responses
from pastes.limits import charges, rates
from pastes.limits.charges import Charge

LOGIN = "/admin/login/"
_UNCOUNTED = ("/static/", "/healthz")
#: The ends of paths where a POST creates nothing.
_CREATES_NOTHING = ("/burn", "/delete", "/hide", "/show", "/language")


class RateLimitMiddleware:
    """Charge each request to its caller; answer 429 to a caller that exceeds a limit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        context = current.get() or RequestContext(request)
        charged: list[Charge] = []
        for action, counter in _counters(request, context):
            more, exceeded = charges.charge(action, counter, rates.parse(caller_rates.rate_of(action)))
            if exceeded:
                charges.refund(charged)
                return _too_many(request, exceeded)
            charged += more
        response = self.get_response(request)
        writes = [charge for charge in charged if charge.action != "read"]
        if context.exceeded:
            charges.refund(writes)
            return _too_many(request, context.exceeded)
        if _has_no_effect(request, response):
            charges.refund(writes)
        elif writes and writes[0].action == "create":
            _set_headers(response, min(writes, key=lambda charge: charge.remaining))
        return response


def _counters(request: HttpRequest, context: RequestContext) -> Iterator[tuple[str, str]]:
    """Yield the actions that a request counts as, each with the name of its counter."""
    path = request.path_info
    if request.method == "POST" and path == LOGIN:
        yield "login", f"account:{_account(request)}"
    if path.startswith(_UNCOUNTED):
        return
    for action in _actions(request):
        if (counter := caller_rates.counter_of(context, action)) is not None:
            yield action, counter


def _actions(request: HttpRequest) -> Iterator[str]:
    path = request.path_info
    if request.method == "POST" and path == LOGIN:
        yield "login"
    yield "read"
    if request.method == "POST" and path.endswith("/report"):
        yield "report"
    elif _creates(request):
        yield "create"


def _creates(request: HttpRequest) -> bool:
    """Return whether a request creates or changes a paste, judged by method and path."""
    if request.path_info.startswith("/admin/"):
        return False
    posts = request.method == "POST" and not request.path_info.endswith(_CREATES_NOTHING)
    return posts or request.method in {"PUT", "PATCH"}


def _account(request: HttpRequest) -> str:
    try:
        name = request.POST.get("username", "").strip()[:254]
    except (MultiPartParserError, SuspiciousOperation, BadRequest, UnreadablePostError):
        return ""
    # As the login does: it strips the name and then normalizes it.
    return get_user_model().normalize_username(name).strip().casefold()


def _has_no_effect(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Return whether a request changed nothing: it was refused, or its form is shown again.

    A login form that is shown again is a wrong password, which counts.
    """
    if request.path_info == LOGIN:
        return response.status_code == 302
    is_form_again = response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/html")
    return response.status_code >= 400 or is_form_again or problems.has_failed(request)


def _too_many(request: HttpRequest, exceeded: Charge) -> HttpResponseBase:
    seconds = math.ceil(exceeded.wait)
    message = gettext("Too many requests. Please try again in %(seconds)s s.") % {"seconds": seconds}
    response = responses.error(request, 429, "too_many_requests", message, limit=exceeded.rate.count)
    response.headers["Retry-After"] = str(seconds)
    _set_headers(response, exceeded)
    return response


def _set_headers(response: HttpResponseBase, charge: Charge) -> None:
    """Set the headers of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/."""
    rate = charge.rate
    wait = math.ceil(charge.wait if charge.wait > 0 else rate.interval)
    response.headers["RateLimit-Policy"] = f'"{charge.action}";q={rate.count};w={rate.seconds}'
    response.headers["RateLimit"] = f'"{charge.action}";r={charge.remaining};t={wait}'
