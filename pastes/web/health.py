"""The health check of the web process, for containers and load balancers."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from pastes.http.methods import read_only


@read_only
def healthz(request: HttpRequest) -> HttpResponse:
    """Return a 200 response if the database responds. ErrorMiddleware converts database errors to a 503."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"alive": True, "database": True})
