"""The revisions of a paste: the list, a single revision, and the difference between two."""

from dataclasses import dataclass, field
from itertools import zip_longest

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext

from pastes.diff import side_by_side, unified
from pastes.diff.side_by_side import Change
from pastes.errors import RefusedError
from pastes.http import responses
from pastes.http.methods import read_only
from pastes.lifecycle import reading
from pastes.models import File, Paste, Revision
from pastes.web.paste import find, refuse_burning

PAGE_LENGTH = 30


@dataclass
class _Comparison:
    """The numbers of two revisions to compare. `sides` contains their files unless `problem` says which is missing."""

    before: int
    after: int
    sides: tuple[list[File], list[File]] | None = None
    problem: str = ""
    changes: list[Change] = field(default_factory=list)

    @property
    def is_cut(self) -> bool:
        """Whether the page only shows the first part of the changes."""
        return any(change.is_cut for change in self.changes)


@dataclass(frozen=True)
class _Entry:
    """A revision in the list with its changes, which are None for the first revision."""

    revision: Revision
    changes: list[Change] | None


@read_only
def compare(request: HttpRequest, key: str) -> HttpResponse:
    """List the revisions, 30 per page (`?before=3` is next), and compare two of them: `?from=1&to=3&view=split`.

    The default is to show the last edit with `view=inline`. Programs get a unified diff.
    """
    paste = _find(key)
    comparison = _compare(paste, request.GET.get("from", ""), request.GET.get("to", ""))
    if responses.wants_text(request):
        response = responses.raw(_unified_diff(paste, comparison))
    else:
        if comparison.sides and not paste.encrypted:
            comparison.changes = side_by_side.compare(*comparison.sides)
        response = _render_list(request, paste, comparison)
    patch_vary_headers(response, ["Accept"])
    return response


@read_only
def page(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Show a revision as a page, or as text if a program asks."""
    paste = _find(key)
    revision = reading.revision(paste, number)
    if revision is None:
        response = _missing_revision(request, paste, str(number))
    elif responses.wants_text(request):
        response = responses.raw_or_not_modified(request, responses.join_files(revision[1]))
    else:
        context = {"paste": paste, "revision": revision[0], "files": revision[1]}
        response = render(request, "pastes/revision.html", context)
    patch_vary_headers(response, ["Accept"])
    return response


@read_only
def raw(request: HttpRequest, key: str, number: int, name: str = "") -> HttpResponseBase:
    """Return a file of a revision byte for byte. The default is the first one."""
    revision = reading.revision(_find(key), number)
    for file in revision[1] if revision else ():
        if file.name == name or not name:
            return responses.raw_or_not_modified(request, file.content, file.oid)
    raise RefusedError("not_found", gettext("This revision does not exist or does not have this file."), status=404)


def _find(key: str) -> Paste:
    paste = find(key)
    refuse_burning(paste)
    return paste


def _missing_revision(request: HttpRequest, paste: Paste, number: str) -> HttpResponse:
    problem = _unknown_revision(number)
    if responses.wants_text(request):
        raise RefusedError("not_found", problem, status=404)
    return _render_list(request, paste, _Comparison(0, 0, problem=problem))


def _render_list(request: HttpRequest, paste: Paste, comparison: _Comparison) -> HttpResponse:
    before = _parse_number(request.GET.get("before", "")) or None
    revisions = reading.revisions(paste, before=before, length=PAGE_LENGTH + 1)
    entries = [
        _Entry(revision, side_by_side.changed_files(previous[1], files, by_text=False) if previous else None)
        for (revision, files), previous in zip_longest(revisions, revisions[1:])
    ]
    context = {
        "paste": paste,
        "entries": entries[:PAGE_LENGTH],
        "older": revisions[PAGE_LENGTH - 1][0].number if len(revisions) > PAGE_LENGTH else None,
        "chosen": comparison,
        "view": "split" if request.GET.get("view") == "split" else "inline",
    }
    return render(request, "pastes/revisions.html", context, status=404 if comparison.problem else 200)


def _unified_diff(paste: Paste, comparison: _Comparison) -> str:
    """Return the diff between two revisions in the format of `patch`. Raise RefusedError."""
    if comparison.problem:
        raise RefusedError("not_found", comparison.problem, status=404)
    if paste.encrypted:
        raise RefusedError("encrypted", gettext("The server cannot compare encrypted revisions."))
    return "".join(file.diff for file in unified.compare(*comparison.sides)) if comparison.sides else ""


def _compare(paste: Paste, before: str, after: str) -> _Comparison:
    """Return the comparison of two revisions, given their numbers. The default is to show the last edit."""
    to = _parse_number(after) if after else paste.head
    comparison = _Comparison(_parse_number(before) if before else max(1, to - 1), to)
    sides = []
    for text, number in ((before, comparison.before), (after, comparison.after)):
        revision = reading.revision(paste, number)
        if revision is None:
            comparison.problem = _unknown_revision(text or str(number))
            return comparison
        sides.append(revision[1])
    comparison.sides = (sides[0], sides[1])
    return comparison


def _parse_number(text: str) -> int:
    """Parse a revision number. Return 0, which is not a valid revision, if the text is not a number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _unknown_revision(number: str) -> str:
    return gettext("This paste has no revision %(number)s.") % {"number": number[:20]}
