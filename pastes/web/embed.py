"""A paste inside the page of another site: the page for the frame, and the script that puts the frame there.

Whoever has the link may embed a paste, as they may read it. A text that burns or is encrypted is never in a frame.
"""

from functools import cache

from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.clickjacking import xframe_options_exempt

from pastes.errors import RefusedError
from pastes.http.methods import read_only
from pastes.lifecycle import reading
from pastes.models import File, Paste

_SCRIPT_SECONDS = 3_600


@read_only
@xframe_options_exempt
def page(request: HttpRequest, key: str) -> HttpResponse:
    """The texts of a paste for a frame, or of one file alone with `?file=name`; or why there is none."""
    status = 200
    context: dict[str, object] = {"key": key}
    try:
        paste = _embeddable(key)
        context |= {"paste": paste, "files": _chosen(paste, request.GET.get("file", ""))}
    except RefusedError as refused:
        status = refused.status
        context["why"] = refused.message
    response = render(request, "pastes/embed.html", context, status=status)
    response.headers[HEADER] = _policy()
    return response


@read_only
def script(request: HttpRequest, key: str) -> HttpResponse:
    """The script that puts the frame where it stands itself: the same for all pastes, whether they are there or not."""
    headers = {
        "Cache-Control": f"max-age={_SCRIPT_SECONDS}",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return HttpResponse(_script(), content_type="text/javascript; charset=utf-8", headers=headers)


def _embeddable(key: str) -> Paste:
    """Return a paste that may stand in a frame, or raise RefusedError with what to say instead."""
    paste = reading.find(key)
    if paste is None:
        message = gettext("Nothing is here. It may have expired, or never have been.")
        raise RefusedError("not_found", message, status=404)
    if paste.burn:
        message = gettext("This paste burns after reading: it is not shown inside of other pages.")
        raise RefusedError("burns", message, status=403)
    if paste.encrypted:
        message = gettext("This paste is encrypted: it is not shown inside of other pages.")
        raise RefusedError("encrypted", message, status=403)
    return paste


def _chosen(paste: Paste, name: str) -> list[File]:
    files = [file for file in paste.files if not name or file.name == name]
    if not files:
        raise RefusedError("not_found", gettext("This paste has no file of that name."), status=404)
    return files


@cache
def _policy() -> str:
    """Return the policy of the settings, but for a page that anybody may frame, without forms and pictures."""
    nobody = ["'none'"]
    return str(build_policy(replace={"frame-ancestors": ["*"], "form-action": nobody, "img-src": nobody}))


@cache
def _script() -> bytes:
    return (settings.BASE_DIR / "static" / "js" / "embed" / "embed_loader.js").read_bytes()
