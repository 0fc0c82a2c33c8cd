"""For those who watch the site: whether it is ready, and the mirror's numbers. Rows alone, no Git."""

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from gitsync.monitoring import metrics, mirror_status

#: Once the tables are right for this process, they stay so.
_tables = {"are_right": False}


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the tables are those of this version and nothing has waited too long, else 503.

    A database that is away becomes 503 like everywhere.
    """
    if not _are_tables_right():
        return JsonResponse({"ready": False, "database": True, "migrations": False}, status=503)
    seconds = mirror_status.oldest_seconds()
    most = settings.PASTEUR_READY_SECONDS
    ready = most is None or seconds <= most
    mirror = mirror_status.current()
    answer = {
        "ready": ready,
        "database": True,
        "migrations": True,
        "oldest_pending_seconds": round(seconds, 1),
        "mirror_error": mirror.error_code if mirror else "",  # The words of the remote are not for strangers.
    }
    return JsonResponse(answer, status=200 if ready else 503)


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """Answer with the metrics for whoever has the token; without one in the settings, there is nothing here."""
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


def _are_tables_right() -> bool:
    if not _tables["are_right"]:
        executor = MigrationExecutor(connection)
        _tables["are_right"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _tables["are_right"]
