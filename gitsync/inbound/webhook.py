"""`POST /hooks/git`, called by a forge after a push. The request wakes the worker; its content is not used.

GitHub, Bitbucket, Gitea, Forgejo and Gogs sign the body; GitLab sends the secret itself.
"""

import hashlib
import hmac

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from gitsync.outbox import wakeup
from pastes.errors import RefusedError


@csrf_exempt  # A forge has no CSRF token; it has the secret.
@require_POST
def receive_push(request: HttpRequest) -> HttpResponse:
    """Request a fetch from the remote and respond with 202.

    Respond with 403 if the secret is missing or wrong, 404 if none is configured, and 413 if the body is too large.
    """
    if not settings.GITSYNC_HOOK_SECRET:
        raise Http404
    if not _is_genuine(request):
        raise RefusedError("hook", "This requires the secret that the site and the forge share.", status=403)
    wakeup.fetch.request()
    return HttpResponse(status=202)


def _is_genuine(request: HttpRequest) -> bool:
    secret = settings.GITSYNC_HOOK_SECRET.encode()
    signature = hmac.new(secret, _body(request), hashlib.sha256).hexdigest()
    expected = {
        "X-Hub-Signature-256": f"sha256={signature}",
        "X-Hub-Signature": f"sha256={signature}",  # Bitbucket
        "X-Gitea-Signature": signature,
        "X-Gogs-Signature": signature,
        "X-Gitlab-Token": secret.decode(),
    }
    # All headers are compared, each in constant time, so that timing reveals nothing about the secret.
    matches = [
        hmac.compare_digest(request.headers.get(header, "").encode(), value.encode())
        for header, value in expected.items()
    ]
    return any(matches)


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        message = f"A webhook body may be at most {limit} bytes long. The worker still fetches at its regular interval."
        raise RefusedError("too_large", message, status=413, limit=limit) from None


def fetch_missed(sender: object, **kwargs: object) -> None:
    """Handle `paste_missed`: another site on the same remote may just have pushed the paste, so request a fetch."""
    if settings.GITSYNC_READ_BACK:
        wakeup.fetch_missed.request()
