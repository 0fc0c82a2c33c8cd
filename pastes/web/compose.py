"""The page with the form for a new paste."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_protect

from pastes.access import permissions
from pastes.errors import RefusedError
from pastes.http import responses
from pastes.http.request_forms import MultipartForm
from pastes.lifecycle import idempotency, reading
from pastes.models import File
from pastes.web import landing
from pastes.web.forms import Compose, prefilled_values


@csrf_protect
def new(request: HttpRequest) -> HttpResponse:
    """Show the form, pre-filled with values from the query string."""
    values = prefilled_values(request.GET)
    return show(request, Compose(initial=values, files=[values] if values else ()))


@csrf_protect
def create(request: HttpRequest, form: MultipartForm) -> HttpResponse:
    """Publish the submitted form and redirect to its landing page, or show the form again with its errors.

    The script that encrypts requests JSON and gets the path of that page, or the error.
    """
    compose = Compose(form.fields, form.files)
    if compose.adds_file:
        return show(request, compose)
    if compose.is_valid():
        try:
            paste = idempotency.publish_form(compose.paste.cleaned_data["once"], compose.draft(_originals(compose)))
        except RefusedError as refused:
            compose.add_error(refused)
        else:
            return landing.hand_over(request, paste)
    if responses.wants_text(request):
        raise compose.first_error()
    return show(request, compose, status=compose.status)


def _originals(compose: Compose) -> Sequence[File]:
    """Return the files of the paste whose fork is submitted; none when they cannot be read any more."""
    key = compose.paste.cleaned_data["forked_from"]
    original = reading.find(key) if key and permissions.refusal_of("read") is None else None
    return [] if original is None or original.burn or original.encrypted else original.files


def show(request: HttpRequest, compose: Compose, *, status: int = 200) -> HttpResponse:
    """Return the page with the form, or with the reason why the caller is not allowed to create pastes."""
    refused = permissions.refusal_of("create")
    if refused and request.method != "POST":  # Always show a submitted form again, so that nothing is lost.
        login = responses.path_to_return_to(request) if refused.status == 401 else ""
        return render(request, "pastes/closed.html", {"why": refused.message, "login": login}, status=200)
    context = {"compose": compose, "address": f"{responses.site_url(request)}/"}
    return render(request, "pastes/compose.html", context, status=status)
