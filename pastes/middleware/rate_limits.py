"""Respond with 429 and the number of seconds to wait to callers that exceed a rate limit.

Every request counts as a read. A request that creates, changes or reports a paste is also counted as such, unless it is
refused for another reason. Wrong edit tokens are counted where they are compared (caller_rates.charge_guess). Wrong
passwords also count against the account. Callers on this machine have no limits. An API token may have its own rates.
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
#: The suffixes of paths where a POST creates nothing.
_CREATES_NOTHING = ("/burn", "/delete", "/hide", "/show", "/language")


class RateLimitMiddleware:
    """Charge each request to its caller, and respond with 429 if a limit is exceeded."""

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
    """Yield the actions that a request is counted as, each with the name of its counter."""
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
    """Return whether a request creates or changes a paste, judging by its method and path."""
    if request.path_info.startswith("/admin/"):
        return False
    posts = request.method == "POST" and not request.path_info.endswith(_CREATES_NOTHING)
    return posts or request.method in {"PUT", "PATCH"}


def _account(request: HttpRequest) -> str:
    try:
        name = request.POST.get("username", "").strip()[:254]
    except (MultiPartParserError, SuspiciousOperation, BadRequest, UnreadablePostError):
        return ""
    # Like the login, strip the name and then normalize it.
    return get_user_model().normalize_username(name).strip().casefold()


def _has_no_effect(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Return whether a request changed nothing because it was refused or its form is shown again.

    If a login form is shown again, the password was wrong, which counts.
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
    """Set the headers specified in https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/."""
    rate = charge.rate
    wait = math.ceil(charge.wait if charge.wait > 0 else rate.interval)
    response.headers["RateLimit-Policy"] = f'"{charge.action}";q={rate.count};w={rate.seconds}'
    response.headers["RateLimit"] = f'"{charge.action}";r={charge.remaining};t={wait}'
