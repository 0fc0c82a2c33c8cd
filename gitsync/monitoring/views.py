"""The metrics of the mirror. They need the database and no Git."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from gitsync.monitoring import metrics


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """Answer with the metrics; 401 without PASTEUR_METRICS_TOKEN, 404 if none is set."""
    if not settings.PASTEUR_METRICS_TOKEN:
        raise Http404
    if not has_token(request):
        return HttpResponse(
            "The token is missing or wrong.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return HttpResponse(metrics.text(), content_type=CONTENT_TYPE_LATEST)


def has_token(request: HttpRequest) -> bool:
    """Whether the request has the token of PASTEUR_METRICS_TOKEN."""
    token = settings.PASTEUR_METRICS_TOKEN
    return bool(token) and constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {token}")
