"""What a paste was before its edits: the list of its revisions, any two of them compared, and each as it was."""

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
class _Choice:
    """Two revisions: their numbers, their files when both are there, and else what is wrong with the choice."""

    before: int
    after: int
    sides: tuple[list[File], list[File]] | None = None
    problem: str = ""
    changes: list[Change] = field(default_factory=list)

    @property
    def is_cut(self) -> bool:
        """Whether there is more than is shown."""
        return any(change.is_cut for change in self.changes)


@dataclass(frozen=True)
class _Entry:
    """A revision in the list, and what it changed; None for the first, which has nothing before it."""

    revision: Revision
    changes: list[Change] | None


@read_only
def compare(request: HttpRequest, key: str) -> HttpResponse:
    """All revisions, 30 at a time (`?before=3` goes on), and two of them compared: `?from=1&to=3&view=split`.

    Without a choice it is the last edit; `view=inline` has one line below the other. A program gets a unified diff.
    """
    paste = _open(key)
    chosen = _chosen(paste, request.GET.get("from", ""), request.GET.get("to", ""))
    if responses.wants_text(request):
        response = responses.raw(_patch(paste, chosen))
    else:
        if chosen.sides and not paste.encrypted:
            chosen.changes = side_by_side.compared(*chosen.sides)
        response = _listed(request, paste, chosen)
    patch_vary_headers(response, ["Accept"])
    return response


@read_only
def page(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """A revision as it was: a page, and to a program its text."""
    paste = _open(key)
    found = reading.revision(paste, number)
    if found is None:
        response = _missing(request, paste, str(number))
    elif responses.wants_text(request):
        response = responses.unless_known(request, responses.in_one(found[1]))
    else:
        context = {"paste": paste, "revision": found[0], "files": found[1]}
        response = render(request, "pastes/revision.html", context)
    patch_vary_headers(response, ["Accept"])
    return response


@read_only
def raw(request: HttpRequest, key: str, number: int, name: str = "") -> HttpResponseBase:
    """The text of one file of a revision, the first if none is named, byte for byte as it was sent."""
    found = reading.revision(_open(key), number)
    for file in found[1] if found else ():
        if file.name == name or not name:
            return responses.unless_known(request, file.content, file.oid)
    raise RefusedError("not_found", gettext("There is no such revision, or no such file in it."), status=404)


def _open(key: str) -> Paste:
    paste = find(key)
    refuse_burning(paste)
    return paste


def _missing(request: HttpRequest, paste: Paste, number: str) -> HttpResponse:
    problem = _unknown(number)
    if responses.wants_text(request):
        raise RefusedError("not_found", problem, status=404)
    return _listed(request, paste, _Choice(0, 0, problem=problem))


def _listed(request: HttpRequest, paste: Paste, chosen: _Choice) -> HttpResponse:
    before = _number(request.GET.get("before", "")) or None
    found = reading.revisions(paste, before=before, length=PAGE_LENGTH + 1)
    entries = [
        _Entry(one, side_by_side.changes(last[1], files, by_text=False) if last else None)
        for (one, files), last in zip_longest(found, found[1:])
    ]
    context = {
        "paste": paste,
        "entries": entries[:PAGE_LENGTH],
        "older": found[PAGE_LENGTH - 1][0].number if len(found) > PAGE_LENGTH else None,
        "chosen": chosen,
        "view": "split" if request.GET.get("view") == "split" else "inline",
    }
    return render(request, "pastes/revisions.html", context, status=404 if chosen.problem else 200)


def _patch(paste: Paste, chosen: _Choice) -> str:
    """Return the diff of two revisions as `patch` takes it. Raises RefusedError."""
    if chosen.problem:
        raise RefusedError("not_found", chosen.problem, status=404)
    if paste.encrypted:
        raise RefusedError("encrypted", gettext("The server cannot compare what is encrypted."))
    return "".join(one.diff for one in unified.between(*chosen.sides)) if chosen.sides else ""


def _chosen(paste: Paste, before: str, after: str) -> _Choice:
    """Return the revisions of these numbers; without the first the one before the other, without both the last two."""
    to = _number(after) if after else paste.head
    chosen = _Choice(_number(before) if before else max(1, to - 1), to)
    sides = []
    for text, number in ((before, chosen.before), (after, chosen.after)):
        found = reading.revision(paste, number)
        if found is None:
            chosen.problem = _unknown(text or str(number))
            return chosen
        sides.append(found[1])
    chosen.sides = (sides[0], sides[1])
    return chosen


def _number(text: str) -> int:
    """Return the number that a text is; 0, which no revision has, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _unknown(number: str) -> str:
    return gettext("There is no revision %(number)s of this paste.") % {"number": number[:20]}
