"""`POST /hooks/git`: a forge says that somebody has pushed. It only rings the bell, and no word of it is believed.

GitHub signs the body (X-Hub-Signature-256), Gitea does as well (X-Gitea-Signature), GitLab sends the secret itself
(X-Gitlab-Token).
"""

import hashlib
import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from gitsync.outbox import wakeup
from pastes.errors import RefusedError


@csrf_exempt  # A forge has no token of ours; it has the secret.
@require_POST
def pushed(request: HttpRequest) -> HttpResponse:
    """Ring for a look at the remote: 202; 403 without the secret, 404 where none is set."""
    if not settings.GITSYNC_HOOK_SECRET:
        raise Http404
    if not _is_genuine(request):
        raise RefusedError("hook", "This needs the secret that the site and the forge share.", status=403)
    wakeup.ring_for_look()
    return HttpResponse(status=202)


def _is_genuine(request: HttpRequest) -> bool:
    secret = settings.GITSYNC_HOOK_SECRET.encode()
    signature = hmac.new(secret, request.body, hashlib.sha256).hexdigest()
    shown = (
        (request.headers.get("X-Hub-Signature-256", ""), f"sha256={signature}"),
        (request.headers.get("X-Gitea-Signature", ""), signature),
        (request.headers.get("X-Gitlab-Token", ""), secret.decode()),
    )
    # All are compared, each in a time that says nothing about how much of it is right.
    return sum(hmac.compare_digest(given.encode(), wanted.encode()) for given, wanted in shown) > 0


def missed(sender: object, **kwargs: object) -> None:
    """Somebody asks for a paste that is not here: another Pasteur on the same remote may just have pushed it."""
    if settings.GITSYNC_READ_BACK:
        wakeup.ring_for_missed()
