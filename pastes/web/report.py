"""The page for reporting a paste to the moderators."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from pastes.access import bans
from pastes.http import request_forms
from pastes.models import Paste
from pastes.moderation import reports
from pastes.moderation.report_form import ReportForm
from pastes.rules.site_path import site_path
from pastes.web.paste import find


@csrf_exempt  # `_report` checks the token, once it is known that the form is readable.
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, key: str) -> HttpResponse:
    """GET shows the form, and POST stores the report. Neither reveals more about the paste than its page does."""
    if request.method == "POST":
        request_forms.check(request)
    return _report(request, key)


@csrf_protect
def _report(request: HttpRequest, key: str) -> HttpResponse:
    paste = find(key)
    bans.demand()
    if request.method != "POST":
        is_done = "thanks" in request.GET
        return render(request, "pastes/report.html", {"paste": paste, "form": ReportForm(), "is_done": is_done})
    form = ReportForm(request.POST)
    if not form.is_valid():
        return render(request, "pastes/report.html", {"paste": paste, "form": form}, status=422)
    try:
        reports.report(paste, **form.cleaned_data)
    except Paste.DoesNotExist:
        raise Http404 from None
    return redirect(site_path(f"/{paste.key}/report?thanks"))
