"""Pastes embedded in other sites: the page inside the frame and the script that inserts the frame.

All readable pastes can be embedded unless they burn after reading or are encrypted.
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
    """Show all files of a paste, or only one (`?file=name`), or the reason why it cannot be embedded."""
    status = 200
    context: dict[str, object] = {"key": key}
    try:
        paste = _find_embeddable(key)
        context |= {"paste": paste, "files": _select_files(paste, request.GET.get("file", ""))}
    except RefusedError as refused:
        status = refused.status
        context["why"] = refused.message
    response = render(request, "pastes/embed.html", context, status=status)
    response.headers[HEADER] = _content_security_policy()
    return response


@read_only
def script(request: HttpRequest, key: str) -> HttpResponse:
    """Return the script that replaces itself with the frame. It is the same for all keys, so it reveals nothing."""
    headers = {
        "Cache-Control": f"max-age={_SCRIPT_SECONDS}",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return HttpResponse(_script_source(), content_type="text/javascript; charset=utf-8", headers=headers)


def _find_embeddable(key: str) -> Paste:
    """Return the paste. Raise RefusedError if it cannot be embedded."""
    paste = reading.find(key)
    if paste is None:
        message = gettext("There is nothing at this address. The paste may have expired or been deleted.")
        raise RefusedError("not_found", message, status=404)
    if paste.burn:
        message = gettext("This paste burns after reading and cannot be embedded in other pages.")
        raise RefusedError("burns", message, status=403)
    if paste.encrypted:
        message = gettext("This paste is encrypted and cannot be embedded in other pages.")
        raise RefusedError("encrypted", message, status=403)
    return paste


def _select_files(paste: Paste, name: str) -> list[File]:
    files = [file for file in paste.files if not name or file.name == name]
    if not files:
        raise RefusedError("not_found", gettext("This paste has no file with that name."), status=404)
    return files


@cache
def _content_security_policy() -> str:
    """Return the policy from the settings, modified to allow framing by any site but no forms or images."""
    nowhere = ["'none'"]
    return str(build_policy(replace={"frame-ancestors": ["*"], "form-action": nowhere, "img-src": nowhere}))


@cache
def _script_source() -> bytes:
    return (settings.BASE_DIR / "static" / "js" / "embed" / "embed_loader.js").read_bytes()
