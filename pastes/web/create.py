"""Dispatch requests to `/`, which accepts the site's own form, raw text, and the forms of other pastebins."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial, wraps

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from pastes.access import login
from pastes.dialects import original_pasteur, plain_forms, privatebin, rustypaste
from pastes.http import problems, request_forms, responses
from pastes.http.request_forms import MultipartForm
from pastes.web import compose, upload

_METHODS = ["GET", "HEAD", "POST", "PUT"]


@dataclass(frozen=True)
class _FormView:
    """A view for multipart forms that contain `part`, provided that the dialect is enabled and the test passes."""

    part: str
    create: Callable[[HttpRequest, MultipartForm], HttpResponse]
    dialect: str = ""
    test: Callable[[HttpRequest], bool] | None = None

    def matches(self, request: HttpRequest, names: Collection[str]) -> bool:
        is_enabled = not self.dialect or problems.is_enabled(self.dialect)
        return self.part in names and is_enabled and (self.test is None or self.test(request))


#: The views, in the order in which they are tried.
_FORM_VIEWS: tuple[_FormView, ...] = (
    _FormView("paste", original_pasteur.create, dialect=original_pasteur.NAME),
    _FormView("oneshot", rustypaste.create, dialect=rustypaste.NAME),
    _FormView("file", rustypaste.create, dialect=rustypaste.NAME, test=rustypaste.is_client),
    _FormView("file", upload.create_from_form),
    _FormView("sprunge", partial(plain_forms.create, plain_forms.SPRUNGE), dialect=plain_forms.SPRUNGE),
    _FormView("f:1", partial(plain_forms.create, plain_forms.IX), dialect=plain_forms.IX),
    _FormView("csrfmiddlewaretoken", compose.create),
    _FormView("content", partial(plain_forms.create, plain_forms.PASTEBINIT), dialect=plain_forms.PASTEBINIT),
)


@csrf_exempt  # Programs have no CSRF token. `compose.create`, which handles the site's own form, checks it.
def home(request: HttpRequest) -> HttpResponse:
    """GET shows the form, POST accepts a form or raw text, and PUT accepts raw text."""
    if request.method in {"GET", "HEAD"}:
        return privatebin.get(request) or compose.new(request)
    if request.content_type != request_forms.MULTIPART:
        login.refuse_foreign_form(request)
    if privatebin.matches(request):  # JSON with `ct` and `adata`
        return privatebin.handle(request)
    if request.method == "PUT":
        return upload.create(request)
    if request.method != "POST":
        return HttpResponseNotAllowed(_METHODS)
    if request.content_type == request_forms.MULTIPART:
        return _create_from_form(request, request_forms.multipart(request))
    if dialect := plain_forms.dialect_of_body(request):
        return plain_forms.create_from_body(dialect, request)
    return upload.create(request)


def _create_from_form(request: HttpRequest, form: MultipartForm) -> HttpResponse:
    # The original Pasteur ignores the case of names.
    names = form.names | ({"paste"} & {name.lower() for name in form.names})
    for view in _FORM_VIEWS:
        if view.matches(request, names):
            if view.create is not compose.create:  # It has its own CSRF check.
                login.refuse_foreign_form(request)
            return view.create(request, form)
    if responses.wants_text(request):
        raise upload.missing_file(request, form)
    return compose.create(request, form)  # Its CSRF check fails and responds with a page.


def or_upload(
    view: Callable[..., HttpResponseBase], **views: Callable[..., HttpResponseBase]
) -> Callable[..., HttpResponseBase]:
    """Add PUT to a view's methods, because an uploaded file may be called `recent` or look like a key.

    `views` are the views for additional methods, keyed by method.
    """
    by_method = {"GET": view, "HEAD": view, **views}

    @csrf_exempt  # HTML forms cannot send PUT or DELETE, and the views for POST do not rely on cookies.
    @wraps(view)
    def dispatch(request: HttpRequest, **kwargs: str) -> HttpResponseBase:
        if request.method == "PUT":
            return upload.create(request, name=request.path_info.lstrip("/"))
        if request.method in by_method:
            return by_method[request.method](request, **kwargs)
        return HttpResponseNotAllowed([*by_method, "PUT"])

    return dispatch
