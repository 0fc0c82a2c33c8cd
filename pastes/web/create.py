"""The dispatch of `/`, which takes the site's own form, bare texts, and the forms of other pastebins."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from pastes.dialects import first_pasteur, plain_forms, privatebin, rustypaste
from pastes.http import request_forms
from pastes.http.request_forms import MultipartForm
from pastes.web import compose, upload

_METHODS = ["GET", "HEAD", "POST", "PUT"]

#: The views for multipart forms, each with the test for its forms, in the order in which they are tried.
_FORM_VIEWS: tuple[
    tuple[Callable[[HttpRequest, MultipartForm], bool], Callable[[HttpRequest, MultipartForm], HttpResponse]], ...
] = (
    (first_pasteur.matches, first_pasteur.create),  # a part `paste`
    (rustypaste.matches, rustypaste.create),  # a part `oneshot`, or `file` with rustypaste's headers
    (upload.matches, upload.create_from_form),  # a part `file`
    (plain_forms.matches, plain_forms.create),  # a part `sprunge`, `f:1` or `content`
    (compose.matches, compose.create),  # the site's own form
)


@csrf_exempt  # Programs have no CSRF token. `compose.create`, which takes the site's own form, checks it.
def home(request: HttpRequest) -> HttpResponse:
    """GET shows the form; POST takes a form or a text, PUT a text."""
    if request.method in {"GET", "HEAD"}:
        return privatebin.get(request) or compose.new(request)
    if privatebin.matches(request):  # JSON with `ct` and `adata`
        return privatebin.handle(request)
    if request.method == "PUT":
        return upload.create(request)
    if request.method != "POST":
        return HttpResponseNotAllowed(_METHODS)
    if request.content_type == request_forms.MULTIPART:
        return _create_from_form(request, request_forms.multipart(request))
    if plain_forms.matches_body(request):
        return plain_forms.create_from_body(request)
    return upload.create(request)


def _create_from_form(request: HttpRequest, form: MultipartForm) -> HttpResponse:
    for matches, create in _FORM_VIEWS:
        if matches(request, form):
            return create(request, form)
    raise upload.missing_file(request, form)


def or_upload(
    view: Callable[..., HttpResponseBase], **views: Callable[..., HttpResponseBase]
) -> Callable[..., HttpResponseBase]:
    """Add PUT to the methods of a view: the name of an uploaded file may be `recent`, or look like a key.

    `views` are the views for further methods, by method.
    """
    by_method = {"GET": view, "HEAD": view, **views}

    @csrf_exempt  # No HTML form can send PUT or DELETE, and the views for POST use no cookie as a proof.
    @wraps(view)
    def dispatch(request: HttpRequest, **kwargs: str) -> HttpResponseBase:
        if request.method == "PUT":
            return upload.create(request, name=request.path_info.lstrip("/"))
        if request.method in by_method:
            return by_method[request.method](request, **kwargs)
        return HttpResponseNotAllowed([*by_method, "PUT"])

    return dispatch
