"""What whoever made a paste may do with it: edit and delete it, by its token. And what anybody may: fork it."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from pastes.access import edit_tokens
from pastes.errors import RefusedError
from pastes.http import request_body, responses
from pastes.http.methods import read_only
from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.models import Paste
from pastes.web import compose as composing
from pastes.web.forms import Compose, EditForm, PasteForm
from pastes.web.paste import find, find_to_change, refuse_burning


@csrf_exempt  # The edit token in the form is the proof; no cookie is looked at, and none is set.
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """GET the form with what stands in the paste; POST it to make a new revision."""
    paste = _open(key)
    if request.method != "POST":
        return _editing(request, paste, _filled(paste, form=EditForm, expected=paste.head))
    request_body.check_form(request)
    compose = Compose(request.POST, request.FILES, form=EditForm)
    if compose.asks_for_another_file or not compose.is_valid():
        return _editing(request, paste, compose, status=200 if compose.asks_for_another_file else compose.status)
    try:
        _revise(paste, compose)
    except RefusedError as refused:
        compose.add_error(refused)
        return _editing(request, paste, compose, status=compose.status)
    except Paste.DoesNotExist:
        raise Http404 from None
    return redirect(paste)


@csrf_exempt  # As above.
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """GET the question; POST the edit token to erase the paste."""
    paste = find_to_change(key)
    token = request.POST.get("token", "")
    context = {"paste": paste, "token": token, "refused": ""}
    if request.method != "POST":
        return render(request, "pastes/delete.html", context)
    try:
        _demand(paste, token, deleting=True)
    except RefusedError as refused:
        if responses.wants_text(request):
            raise
        context["refused"] = refused.message
        return render(request, "pastes/delete.html", context, status=refused.status)
    if not writing.remove(paste):
        raise Http404
    return HttpResponseRedirect(f"/mine?deleted#deleted={key}")


@read_only
@csrf_protect
def fork(request: HttpRequest, key: str) -> HttpResponse:
    """The form for a new paste, with the files of this one in it."""
    paste = _open(key)
    return composing.shown(request, _filled(paste, forked_from=paste.key, author="", visibility="unlisted"), status=200)


@read_only
def mine(request: HttpRequest) -> HttpResponse:
    """What this browser has made: only it knows."""
    return render(request, "pastes/mine.html")


def _open(key: str) -> Paste:
    """Return a paste whose text a form can show."""
    paste = find(key)
    refuse_burning(paste)
    if paste.encrypted:
        message = gettext("An encrypted paste cannot be edited or forked here: make another one.")
        raise RefusedError("encrypted", message)
    return paste


def _filled(paste: Paste, *, form: type[PasteForm] = PasteForm, **others: object) -> Compose:
    facts = {name: getattr(paste, name) for name in ("title", "author", "comment", "visibility")}
    files = [{"name": file.name, "language": file.language, "content": file.content} for file in paste.files]
    return Compose(facts=facts | others, files=files, form=form)


def _editing(request: HttpRequest, paste: Paste, compose: Compose, *, status: int = 200) -> HttpResponse:
    if status >= 400 and responses.wants_text(request):
        raise compose.refusal()
    return render(request, "pastes/edit.html", {"compose": compose, "paste": paste}, status=status)


def _revise(paste: Paste, compose: Compose) -> None:
    data = compose.paste.cleaned_data
    _demand(paste, data["token"])
    untouched = {(file.name, _as_box(file.content)): file.content for file in paste.files}
    files = [
        NewFile(untouched.get((file.name, _as_box(file.content)), file.content), file.name, file.language)
        for file in compose.new_files()
    ]
    said = {name: data[name] for name in ("title", "author", "comment", "visibility")}
    writing.revise(paste, files, expected=data["expected"], **said)


def _demand(paste: Paste, token: str, *, deleting: bool = False) -> None:
    """Raise what `tokens.demand` raises, in words for who looks at a form."""
    try:
        edit_tokens.demand(paste, token, deleting=deleting)
    except RefusedError as refused:
        message = gettext("That is not the edit token of this paste.")
        raise RefusedError(refused.code, message, status=refused.status, field="token") from refused


def _as_box(text: str) -> str:
    """Return a text as a box of a form has it: an edit elsewhere must not change the line ends of a file."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
