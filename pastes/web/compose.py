"""The page on which text goes in, and everything else that may be sent to its address."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from pastes.access import permissions
from pastes.dialects import first_pasteur, plain_forms, privatebin, rustypaste
from pastes.errors import RefusedError
from pastes.http import problems, request_body, responses
from pastes.lifecycle import idempotency
from pastes.models import Paste
from pastes.web import upload
from pastes.web.forms import Compose, wanted

_METHODS = ["GET", "HEAD", "POST", "PUT"]


@csrf_exempt  # Programs have no token; `_submitted`, which takes the site's own form, asks for one.
def home(request: HttpRequest) -> HttpResponse:
    """GET the form; POST the form, a dialect's form, or text; PUT text."""
    if request.method in {"GET", "HEAD"}:
        return privatebin.asked(request) or _form(request)
    answer = privatebin.sent(request)
    if answer is not None:
        return answer
    if request.method not in _METHODS:
        return HttpResponseNotAllowed(_METHODS)
    if request.method == "PUT" or request.content_type != "multipart/form-data":
        return plain_forms.in_body(request) or upload.text(request)
    fields, files = request_body.form(request)
    if problems.speaks("first") and "paste" in {name.lower() for name in (*fields, *files)}:
        return first_pasteur.create(request, fields, files)
    if rustypaste.calls(request, fields, files):
        return rustypaste.create(request, fields, files)
    if upload.PART in {*fields, *files}:
        return upload.parts(request, fields, files)
    answer = plain_forms.in_parts(request, fields, files)
    if answer is None and responses.wants_text(request) and "csrfmiddlewaretoken" not in fields:
        raise upload.without_file(request, fields, files)
    return answer or _submitted(request)


def or_upload(
    view: Callable[..., HttpResponseBase], **others: Callable[..., HttpResponseBase]
) -> Callable[..., HttpResponseBase]:
    """Let a view share its address with PUT: a file may be called `recent`, or what looks like a key.

    `others` are the views of further methods, by the name of the method.
    """
    safe = {"GET": view, "HEAD": view}

    @csrf_exempt  # No form of a browser can send PUT or DELETE; no view behind this takes one.
    @wraps(view)
    def shared(request: HttpRequest, **kwargs: str) -> HttpResponseBase:
        if request.method == "PUT":
            return upload.text(request, name=request.path_info.lstrip("/"))
        for method, answer in (safe | others).items():
            if request.method == method:
                return answer(request, **kwargs)
        return HttpResponseNotAllowed([*safe, *others, "PUT"])

    return shared


@csrf_protect
def _form(request: HttpRequest) -> HttpResponse:
    wishes = wanted(request.GET)
    return shown(request, Compose(facts=wishes, files=[wishes] if wishes else ()), status=200)


@csrf_protect
def _submitted(request: HttpRequest) -> HttpResponse:
    compose = Compose(request.POST, request.FILES)
    if compose.asks_for_another_file or not compose.is_valid():
        return _again(request, compose)
    try:
        paste = idempotency.publish_form(compose.paste.cleaned_data["once"], compose.draft())
    except RefusedError as refused:
        compose.add_error(refused)
        return _again(request, compose)
    return to_own(paste)


def _again(request: HttpRequest, compose: Compose) -> HttpResponse:
    """Show the form once more with everything its author wrote; a program is told what is wrong with it."""
    if not compose.asks_for_another_file and responses.wants_text(request):
        raise compose.refusal()
    return shown(request, compose, status=200 if compose.asks_for_another_file else compose.status)


def shown(request: HttpRequest, compose: Compose, *, status: int) -> HttpResponse:
    """Return the page with the form; to who may make no pastes, a page that says why."""
    refused = permissions.why_not("create")
    if refused and request.method != "POST":  # What somebody wrote is never taken away.
        login = request.get_full_path() if refused.status == 401 else ""
        return render(request, "pastes/closed.html", {"why": refused.message, "login": login}, status=200)
    context = {"compose": compose, "address": responses.address(request, "/")}
    return render(request, "pastes/compose.html", context, status=status)


def to_own(paste: Paste) -> HttpResponse:
    """Lead to a paste that was just made. Its edit token is in the fragment, which no browser sends anywhere."""
    response = redirect(f"{paste.get_absolute_url()}#token={paste.token}")
    response.headers["Cache-Control"] = "no-store"
    return response
