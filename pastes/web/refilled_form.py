"""Replace an error page with the submitted form and all its values, so that the author loses nothing.

The database and the caller's identity are not used, since they may be what failed.
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

#: Statuses after which the same form may succeed: an expired CSRF token, a rate limit, a server error.
_TRANSIENT = {403, 429, 500, 503}
_EDIT = re.compile(r"/([^/]+)/edit")
_RETRY_HEADERS = ("Retry-After", "RateLimit", "RateLimit-Policy")


def replace_error_page(response: HttpResponseBase, request: HttpRequest) -> HttpResponseBase:
    """Return the submitted form with the error page's message. Return all other responses unchanged."""
    if request.method != "POST" or not isinstance(response, responses.ErrorPage) or not _is_transient(response):
        return response
    edit = _EDIT.fullmatch(request.path_info)
    if request.path_info != "/" and not (edit and keys.is_valid_key(edit[1])):
        return response
    if request.content_type != "multipart/form-data" or "files-TOTAL_FORMS" not in request.POST:
        return response
    page = _edit_page(request, response, edit[1]) if edit else _compose_page(request, response)
    for name in _RETRY_HEADERS:
        if name in response.headers:
            page.headers[name] = response.headers[name]
    return page


def _is_transient(response: responses.ErrorPage) -> bool:
    # A caller that exceeds the limit for all requests should not get the most expensive page.
    exceeds_read_rate = response.headers.get("RateLimit-Policy", "").startswith('"read"')
    return response.status_code in _TRANSIENT and not exceeds_read_rate


@requires_csrf_token  # The caller may lack the cookie.
def _compose_page(request: HttpRequest, problem: responses.ErrorPage) -> HttpResponse:
    compose = Compose(request.POST, request.FILES)
    compose.refused = problem.message
    context = {"compose": compose, "address": f"{responses.site_url(request)}/"}
    return render(request, "pastes/compose.html", context, status=problem.status_code)


def _edit_page(request: HttpRequest, problem: responses.ErrorPage, key: str) -> HttpResponse:
    compose = Compose(request.POST, request.FILES, form=EditForm)
    compose.refused = problem.message
    paste = Paste(key=key, title=request.POST.get("title", ""))
    return render(request, "pastes/edit.html", {"compose": compose, "paste": paste}, status=problem.status_code)
