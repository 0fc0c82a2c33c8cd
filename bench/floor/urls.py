"""The floor's two views: insert one row, select one row."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from bench.floor.models import Row


def insert(request: HttpRequest) -> HttpResponse:
    """Store the body and answer its number; without a body, say that the server is up."""
    if request.method != "POST":
        return HttpResponse("up")
    row = Row.objects.create(content=request.body.decode())
    return HttpResponse(f"{row.pk}\n", status=201)


def select(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the text of this number."""
    return HttpResponse(Row.objects.get(pk=pk).content, content_type="text/plain; charset=utf-8")


urlpatterns = [path("", insert), path("healthz", insert), path("<int:pk>", select)]
