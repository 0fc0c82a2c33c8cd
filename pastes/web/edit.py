"""Edit and delete a paste, which requires its edit token, and fork it."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from pastes.access import edit_tokens, permissions
from pastes.errors import RefusedError
from pastes.http import request_forms, responses
from pastes.http.methods import read_only
from pastes.lifecycle import writing
from pastes.models import Paste
from pastes.rules.site_path import site_path
from pastes.web import compose as compose_page
from pastes.web.forms import Compose, EditForm, PasteForm
from pastes.web.paste import find, find_to_change, refuse_burning


@csrf_exempt  # The edit token in the form grants permission; cookies are ignored.
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """GET shows a form with the current revision, and POST stores a new one."""
    paste = _find_editable(key)
    if request.method != "POST":
        return _render(request, paste, _filled_form(paste, form=EditForm, expected=paste.head))
    request_forms.check(request)
    compose = Compose(request.POST, request.FILES, form=EditForm)
    if compose.adds_file:
        return _render(request, paste, compose)
    if not compose.is_valid():
        return _render(request, paste, compose, status=compose.status)
    try:
        _revise(paste, compose)
    except RefusedError as refused:
        compose.add_error(refused)
        return _render(request, paste, compose, status=compose.status)
    except Paste.DoesNotExist:
        raise Http404 from None
    return redirect(paste)


@csrf_exempt  # As above.
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """GET asks for confirmation, and POST with the edit token erases the paste."""
    paste = find_to_change(key)
    token = request.POST.get("token", "")
    if permissions.refusal_of("read"):
        paste.title = ""
    context = {"paste": paste, "token": token, "refused": ""}
    if request.method != "POST":
        return render(request, "pastes/delete.html", context)
    try:
        _demand_token(paste, token, deleting=True)
    except RefusedError as refused:
        if responses.wants_text(request):
            raise
        context["refused"] = refused.message
        return render(request, "pastes/delete.html", context, status=refused.status)
    if not writing.remove(paste):
        raise Http404
    return HttpResponseRedirect(site_path(f"/mine?deleted#deleted={key}"))


@read_only
@csrf_protect
def fork(request: HttpRequest, key: str) -> HttpResponse:
    """Show the form for a new paste, pre-filled with the files of this one."""
    paste = _find_editable(key)
    return compose_page.show(request, _filled_form(paste, forked_from=paste.key, author="", visibility="unlisted"))


@read_only
def mine(request: HttpRequest) -> HttpResponse:
    """Show the pastes created in this browser. The list is only stored in the browser."""
    return render(request, "pastes/mine.html")


def _find_editable(key: str) -> Paste:
    """Return a paste whose content can be shown in a form. Raise Http404 or RefusedError."""
    paste = find(key)
    refuse_burning(paste)
    if paste.encrypted:
        message = gettext("An encrypted paste cannot be edited or forked here. Create a new one instead.")
        raise RefusedError("encrypted", message)
    return paste


def _filled_form(paste: Paste, *, form: type[PasteForm] = PasteForm, **values: object) -> Compose:
    initial = {name: getattr(paste, name) for name in ("title", "author", "comment", "visibility")}
    files = [{"name": file.name, "language": file.language, "content": file.content} for file in paste.files]
    return Compose(initial=initial | values, files=files, form=form)


def _render(request: HttpRequest, paste: Paste, compose: Compose, *, status: int = 200) -> HttpResponse:
    if status >= 400 and responses.wants_text(request):
        raise compose.first_error()
    return render(request, "pastes/edit.html", {"compose": compose, "paste": paste}, status=status)


def _revise(paste: Paste, compose: Compose) -> None:
    data = compose.paste.cleaned_data
    _demand_token(paste, data["token"])
    files = compose.new_files(paste.files)
    fields = {name: data[name] for name in ("title", "author", "comment", "visibility")}
    writing.revise(paste, files, expected=data["expected"], **fields)


def _demand_token(paste: Paste, token: str, *, deleting: bool = False) -> None:
    """Like `edit_tokens.demand`, but raise RefusedError with a message for the form."""
    try:
        edit_tokens.demand(paste, token, deleting=deleting)
    except RefusedError as refused:
        message = gettext("The edit token is wrong.")
        raise RefusedError(refused.code, message, status=refused.status, field="token") from refused
