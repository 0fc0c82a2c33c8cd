"""What happened to a paste, for callers with its edit token. Others cannot tell whether it ever existed."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from pastes.access import edit_tokens
from pastes.errors import RefusedError
from pastes.http import responses
from pastes.models import Paste, State
from pastes.rules.moments import utc


@csrf_exempt  # The edit token in the form grants permission; cookies are ignored.
@require_POST
def page(request: HttpRequest, key: str) -> HttpResponse:
    """Report whether a paste burned, expired, was deleted or hidden, or still exists. Scripts get JSON.

    A wrong token gets the same answer whether or not there was a paste.
    """
    paste = Paste.objects.filter(key=key).first()
    context: dict[str, object] = {"key": key}
    status = 200
    if edit_tokens.owns(paste, request.POST.get("token", "")):
        context |= {"state": _state(paste), "message": _message(paste)}
    else:
        refused = RefusedError("token", gettext("This edit token belongs to no paste at this address."), status=403)
        if not responses.wants_html(request):
            raise refused
        context["refused"], status = refused.message, refused.status
    if responses.wants_html(request):
        response = render(request, "pastes/gone.html", context, status=status)
    else:
        response = JsonResponse(context)
    response.headers["Cache-Control"] = "no-store"
    return response


def _state(paste: Paste) -> str:
    """Return the state, which is `expired` even if the paste has not been erased yet."""
    is_due = paste.state == State.PUBLISHED and paste.expires_at is not None and paste.expires_at <= timezone.now()
    return State.EXPIRED if is_due else paste.state


def _message(paste: Paste) -> str:
    state = _state(paste)
    if state == State.EXPIRED and paste.expires_at:
        return gettext("This paste expired on %(moment)s.") % {"moment": utc(paste.expires_at)}
    messages = {
        State.PUBLISHED: gettext("This paste is still there."),
        State.HIDDEN: gettext("A moderator has hidden this paste."),
        State.REMOVED: gettext("This paste was deleted."),
        State.BURNED: gettext("This paste was read and has burned."),
    }
    return messages[State(state)]
