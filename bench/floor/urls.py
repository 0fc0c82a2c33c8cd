"""The two views of the baseline: insert a row and select a row."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from bench.floor.models import Row


def insert(request: HttpRequest) -> HttpResponse:
    """Store the body of a POST request and return its id. For other methods, report that the server is up."""
    if request.method != "POST":
        return HttpResponse("up")
    row = Row.objects.create(content=request.body.decode())
    return HttpResponse(f"{row.pk}\n", status=201)


def select(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the text with the given id."""
    return HttpResponse(Row.objects.get(pk=pk).content, content_type="text/plain; charset=utf-8")


urlpatterns = [path("", insert), path("healthz", insert), path("<int:pk>", select)]
