"""Whether the web process is alive and reaches its database: for containers and load balancers."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from pastes.http.methods import read_only


@read_only
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers; an error on the way becomes 503 like everywhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"alive": True, "database": True})
