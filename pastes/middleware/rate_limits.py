"""Refuses callers who ask too much: 429 in their own form, with the time to wait.

Every request counts as a read; what makes or changes a paste, and what reports one, counts as that too, unless it was
refused for something else, in whatever words and status. Wrong edit tokens count where they are compared, and wrong
passwords of moderators by account as well.
Callers on this machine are not limited. An API token may have rates of its own, wherever it is used.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext

from pastes.access import client_address, request_context
from pastes.access.caller_rates import own_rates, rate_of
from pastes.errors import RefusedError
from pastes.http import problems, responses
from pastes.limits import counters, guess_budget, rates
from pastes.limits.rates import Rate

LOGIN = "/admin/login/"
_UNCOUNTED = ("/static/", "/healthz")
#: The ends of addresses where a POST makes nothing.
_MAKES_NOTHING = ("/burn", "/delete", "/hide", "/show", "/language")


@dataclass(frozen=True)
class _Taken:
    """One that was taken: for what, under which name, of which rate, and how long to wait when it is too much."""

    action: str
    name: str
    rate: Rate
    wait: float


class _Guesses:
    """Pays for the edit tokens that a request tries, from what its caller may delete."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._paid: list[_Taken] = []
        self.over: _Taken | None = None

    def pay(self) -> None:
        name = _name(self._request, "delete")
        self._paid, self.over = _take("delete", name) if name else ([], None)
        if self.over:
            raise RefusedError("too_many_requests", "Too many wrong edit tokens.", status=429)

    def refund(self) -> None:
        _give_back(self._paid)


class RateLimitMiddleware:
    """Counts requests, and lets those pass that are within the limits."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Take what the request costs; answer 429 when there is not enough, else the site's own answer."""
        taken: list[_Taken] = []
        for action, name in _counted(request):
            more, over = _take(action, name)
            if over:
                _give_back(taken)
                return _too_many(request, over)
            taken += more
        guesses_of_caller = _Guesses(request)
        with guess_budget.paid_by(guesses_of_caller):
            response = self.get_response(request)
        dear = [one for one in taken if one.action != "read"]
        if guesses_of_caller.over:
            _give_back(dear)
            return _too_many(request, guesses_of_caller.over)
        if _came_to_nothing(request, response):
            _give_back(dear)
        elif dear and dear[0].action == "create":
            _tell(response, min(dear, key=_left))
        return response


def _counted(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """Yield what a request counts as, and under which name."""
    path = request.path_info
    if request.method == "POST" and path == LOGIN:
        yield "login", f"account:{_account(request)}"
    if path.startswith(_UNCOUNTED):
        return
    for action in _actions(request):
        if (name := _name(request, action)) is not None:
            yield action, name


def _name(request: HttpRequest, action: str) -> str | None:
    """Return under which name a caller is counted, None for one that is not limited."""
    if own_rates(action):
        return f"token:{getattr(request_context.token(), 'pk', 0)}"
    caller = client_address.address(request)
    return None if client_address.is_local(caller) else caller


def _take(action: str, name: str) -> tuple[list[_Taken], _Taken | None]:
    """Take one of each rate; returns what was taken, or nothing and the one that is too much."""
    taken: list[_Taken] = []
    for number, rate in enumerate(rates.parse(rate_of(action))):
        label = f"{action}:{number}:{name}"
        one = _Taken(action, label, rate, counters.take(label, rate))
        if one.wait > 0:
            _give_back(taken)
            return [], one
        taken.append(one)
    return taken, None


def _actions(request: HttpRequest) -> Iterator[str]:
    path = request.path_info
    if request.method == "POST" and path == LOGIN:
        yield "login"
    yield "read"
    if _reports(request):
        yield "report"
    elif _makes(request):
        yield "create"


def _makes(request: HttpRequest) -> bool:
    """Return whether a request makes or changes a paste, as far as its address says."""
    if request.path_info.startswith("/admin/"):
        return False
    posts = request.method == "POST" and not request.path_info.endswith(_MAKES_NOTHING)
    return posts or request.method in {"PUT", "PATCH"}


def _reports(request: HttpRequest) -> bool:
    """Return whether a request reports a paste."""
    return request.method == "POST" and request.path_info.endswith("/report")


def _account(request: HttpRequest) -> str:
    try:
        return request.POST.get("username", "")[:254].strip().casefold()
    except (MultiPartParserError, SuspiciousOperation, BadRequest, UnreadablePostError):
        return ""


def _came_to_nothing(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Return whether a request made, changed or got nothing: refused, or a form that is shown again.

    A wrong password counts, after which the form is shown again.
    """
    if request.path_info == LOGIN:
        return response.status_code == 302
    shown_again = response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/html")
    return response.status_code >= 400 or shown_again or problems.has_failed(request)


def _give_back(taken: Sequence[_Taken]) -> None:
    for one in taken:
        counters.give_back(one.name, one.rate)


def _too_many(request: HttpRequest, over: _Taken) -> HttpResponseBase:
    seconds = math.ceil(over.wait)
    message = gettext("Too many requests; please try again in %(seconds)s s.") % {"seconds": seconds}
    response = responses.error(request, 429, "too_many_requests", message, limit=over.rate.count)
    response.headers["Retry-After"] = str(seconds)
    _tell(response, over)
    return response


def _tell(response: HttpResponseBase, one: _Taken) -> None:
    """Say what is left (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/)."""
    rate = one.rate
    wait = math.ceil(one.wait if one.wait > 0 else rate.interval)
    response.headers["RateLimit-Policy"] = f'"{one.action}";q={rate.count};w={rate.seconds}'
    response.headers["RateLimit"] = f'"{one.action}";r={_left(one)};t={wait}'


def _left(one: _Taken) -> int:
    return max(0, int(-one.wait / one.rate.interval + 1e-6))
