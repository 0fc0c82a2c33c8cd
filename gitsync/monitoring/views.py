"""Endpoints for monitoring: readiness and metrics. They read rows alone, no Git."""

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from gitsync.monitoring import metrics, mirror_status

#: Migrations that were applied once stay applied.
_tables = {"are_migrated": False}


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if all migrations are applied and no change waits longer than PASTEUR_READY_SECONDS, else 503.

    The middleware turns a database that is down into 503.
    """
    if not _are_tables_migrated():
        return JsonResponse({"ready": False, "database": True, "migrations": False}, status=503)
    seconds = mirror_status.oldest_seconds()
    limit = settings.PASTEUR_READY_SECONDS
    ready = limit is None or seconds <= limit
    mirror = mirror_status.current()
    answer = {
        "ready": ready,
        "database": True,
        "migrations": True,
        "oldest_pending_seconds": round(seconds, 1),
        "mirror_error": mirror.error_code if mirror else "",  # The message of the remote is not public.
    }
    return JsonResponse(answer, status=200 if ready else 503)


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """Answer with the metrics; 401 without PASTEUR_METRICS_TOKEN, 404 if none is set."""
    token = settings.PASTEUR_METRICS_TOKEN
    if not token:
        raise Http404
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {token}"):
        return HttpResponse(
            "The token is missing or wrong.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return HttpResponse(metrics.text(), content_type=CONTENT_TYPE_LATEST)


def _are_tables_migrated() -> bool:
    if not _tables["are_migrated"]:
        executor = MigrationExecutor(connection)
        _tables["are_migrated"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _tables["are_migrated"]
