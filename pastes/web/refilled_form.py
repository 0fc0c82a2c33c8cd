"""The form once more, with everything that was written in it, in the place of a page that only says what went wrong.

It needs neither the database nor to know who asks, since one of these may be what went wrong.
"""

import re

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import requires_csrf_token

from pastes.http import responses
from pastes.models import Paste
from pastes.rules import keys
from pastes.web.forms import Compose, EditForm

#: Errors after which sending the same again may work: a form that lay open too long, too many pastes, trouble of ours.
_PASSING = {403, 429, 500, 503}
_EDIT = re.compile(r"/([^/]+)/edit")
_ABOUT_WAITING = ("Retry-After", "RateLimit", "RateLimit-Policy")


def instead_of(response: HttpResponseBase, request: HttpRequest) -> HttpResponseBase:
    """Return the form that was sent, with the words of the error page; any other answer as it is."""
    if request.method != "POST" or not isinstance(response, responses.ErrorPage) or not _is_passing(response):
        return response
    edit = _EDIT.fullmatch(request.path_info)
    if request.path_info != "/" and not (edit and keys.can_be(edit[1])):
        return response
    if request.content_type != "multipart/form-data" or "files-TOTAL_FORMS" not in request.POST:
        return response
    again = _edited(request, response, edit[1]) if edit else _composed(request, response)
    for name in _ABOUT_WAITING:
        if name in response.headers:
            again.headers[name] = response.headers[name]
    return again


def _is_passing(response: responses.ErrorPage) -> bool:
    # Who asks for too much of everything does not get the dearest page for it.
    too_many_of_all = response.headers.get("RateLimit-Policy", "").startswith('"read"')
    return response.status_code in _PASSING and not too_many_of_all


@requires_csrf_token  # Its cookie may be what was missing.
def _composed(request: HttpRequest, problem: responses.ErrorPage) -> HttpResponse:
    compose = Compose(request.POST, request.FILES)
    compose.refused = problem.message
    context = {"compose": compose, "address": responses.address(request, "/")}
    return render(request, "pastes/compose.html", context, status=problem.status_code)


def _edited(request: HttpRequest, problem: responses.ErrorPage, key: str) -> HttpResponse:
    compose = Compose(request.POST, request.FILES, form=EditForm)
    compose.refused = problem.message
    paste = Paste(key=key, title=request.POST.get("title", ""))
    return render(request, "pastes/edit.html", {"compose": compose, "paste": paste}, status=problem.status_code)
