"""Serves the mirror's metrics. They need the database, but not Git."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from gitsync.monitoring import metrics


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """Respond with the metrics, with 401 if the token is missing or wrong, or with 404 if none is configured."""
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
    """Return whether the request contains the token configured in PASTEUR_METRICS_TOKEN."""
    token = settings.PASTEUR_METRICS_TOKEN
    return bool(token) and constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {token}")
