"""The site in a visitor's browser: first paint, long tasks on the main thread, and bytes transferred.

    python -m bench.browser --repeats 5

Each measurement uses a new profile of the system's Chromium without a cache, on loopback, without throttling. The
median is printed. Tasks are those of the page's main thread in the browser's own trace, since its `longtask` entries
omit many of them. "Blocking" is the time beyond 50 ms of each task after the first paint. The jump is one from the
start of the page to its end. Text is highlighted in a worker; "module" is the size of the library and the grammars.
Bytes include response headers.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import monotonic
from typing import Any

from playwright.sync_api import Browser, Page, Request

from bench.harness.servers import Web
from bench.harness.table import Goal, show, show_goals
from bench.harness.texts import texts
from tests.browser.chromium import launch
from tests.servers.pasteur import ROOT

_COMPOSE, _SMALL, _LARGE = "the form", "10 kB", "1 MB"
_MAX_KB, _MAX_PAINT_MS, _MAX_TASK_MS = 60, 500, 200
#: The path of the library and the grammars.
_MODULE = "/vendor/highlight/"
_LONG_MS = 50
_QUIET_MS = 1_000
_TIMEOUT_MS = 60_000

_TASK, _PAINT, _JUMP = "ThreadControllerImpl::RunTask", "firstContentfulPaint", "jump"
_TRACED = {"includedCategories": ["toplevel", "loading", "blink.user_timing"]}
_IS_COLOURED = """() => [...document.querySelectorAll("section.file")]
  .every(({ dataset }) => dataset.language === "plaintext" || dataset.highlighted)
"""
_DO_JUMP = f"performance.mark('{_JUMP}'); window.scrollTo(0, document.documentElement.scrollHeight)"

#: An event in the browser's trace, with times in microseconds.
Event = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A task on the page's main thread: its end, its duration and its CPU time, in milliseconds."""

    end: float
    took: float
    ran: float


@dataclass(frozen=True)
class Visit:
    """Measurements of a page visit. Times are in milliseconds; the first paint is relative to the navigation start."""

    paint: float
    blocking: float
    longest: float
    longest_ran: float
    jump: float
    page_bytes: int
    module_bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="number of new profiles for each page (default: 5)")
    options = parser.parse_args()
    if not (ROOT / "staticfiles" / "staticfiles.json").is_file():
        parser.exit(1, "Run `make staticfiles/staticfiles.json` first: pages need it.\n")
    with Web(PASTEUR_MAX_BYTES="2000000") as site, launch() as browser:
        pages = {_COMPOSE: ""} | {what: site.paste(text, name) for what, (name, text) in _shapes().items()}
        addresses = {what: f"{site.url}/{key}" for what, key in pages.items()}
        rounds = [{what: visit(browser, at) for what, at in addresses.items()} for _ in range(options.repeats)]
    measured = {what: [done[what] for done in rounds] for what in pages}
    _show(measured)
    show_goals(_goals(measured))


def _shapes() -> dict[str, tuple[str, bytes]]:
    """Return the names and contents of the pastes to read."""
    return {
        _SMALL: ("small.py", next(texts(10_000))),
        _LARGE: ("large.py", next(texts(1_000_000))),
        "500,000 empty lines": ("empty.txt", b"\n" * 499_999 + b"end"),
        "one line of 500 kB": ("line.py", next(texts(500_000)).replace(b"\n", b" ")),
    }


def visit(browser: Browser, address: str) -> Visit:
    """Open a page in a new profile, wait until it is idle, and jump to its end."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(_TIMEOUT_MS)
    page = context.new_page()
    finished: list[Request] = []
    page.on("requestfinished", lambda request: finished.append(request))  # noqa: PLW0108  (Playwright requires a function)
    try:
        with _traced(browser, page) as events:
            page.goto(address, wait_until="networkidle")
            _wait(page, _IS_COLOURED)
            page.wait_for_timeout(_QUIET_MS)
            page.evaluate(_DO_JUMP)
            page.wait_for_timeout(_QUIET_MS)
            paint: float = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        sizes = [(_MODULE in request.url, _bytes(request)) for request in finished]
    finally:
        context.close()
    module_bytes = sum(size for is_module, size in sizes if is_module)
    painted = next(event for event in events if event["name"] == _PAINT)
    jumped_at = next(event["ts"] for event in events if event["name"] == _JUMP) / 1000
    tasks = list(_tasks(events, painted))
    before = [task for task in tasks if task.end < jumped_at]
    return Visit(
        paint=paint,
        blocking=sum(max(0.0, task.took - _LONG_MS) for task in before if task.end > painted["ts"] / 1000),
        longest=max(task.took for task in before),
        longest_ran=max(task.ran for task in before),
        jump=max(task.took for task in tasks if task.end >= jumped_at),
        page_bytes=sum(size for _, size in sizes) - module_bytes,
        module_bytes=module_bytes,
    )


@contextmanager
def _traced(browser: Browser, page: Page) -> Iterator[list[Event]]:
    """Trace the browser during the block. The events are available afterwards."""
    events: list[Event] = []
    ends: list[object] = []
    session = browser.new_browser_cdp_session()
    session.on("Tracing.dataCollected", lambda part: events.extend(part["value"]))
    session.on("Tracing.tracingComplete", lambda _: ends.append(True))
    session.send("Tracing.start", {"traceConfig": _TRACED, "transferMode": "ReportEvents"})
    yield events
    session.send("Tracing.end")
    give_up_at = monotonic() + _TIMEOUT_MS / 1000
    while not ends:
        if monotonic() > give_up_at:
            raise TimeoutError("the browser does not return its trace")
        page.wait_for_timeout(50)
    session.detach()


def _tasks(events: Sequence[Event], painted: Event) -> Iterator[Task]:
    """Yield the tasks of the thread that painted the page."""
    for event in events:
        if event["name"] == _TASK and (event["pid"], event["tid"]) == (painted["pid"], painted["tid"]):
            took = event.get("dur", 0)
            yield Task((event["ts"] + took) / 1000, took / 1000, event.get("tdur", 0) / 1000)


def _wait(page: Page, question: str) -> None:
    """Poll until the condition is true. Playwright's own waiting evaluates strings, which the pages do not allow."""
    give_up_at = monotonic() + _TIMEOUT_MS / 1000
    while not page.evaluate(question):
        if monotonic() > give_up_at:
            raise TimeoutError(f"{page.url} does not become idle")
        page.wait_for_timeout(100)


def _bytes(request: Request) -> int:
    sizes = request.sizes()
    return sizes["responseHeadersSize"] + sizes["responseBodySize"]


def _show(measured: dict[str, list[Visit]]) -> None:
    rows = []
    for what, visits in measured.items():
        paints = [entry.paint for entry in visits]
        row = [what, f"{median(paints):.0f}", f"{min(paints):.0f}-{max(paints):.0f}"]
        row += [f"{_median(visits, name):.0f}" for name in ("blocking", "longest", "longest_ran", "jump")]
        row += [f"{_median(visits, name) / 1000:.1f}" for name in ("page_bytes", "module_bytes")]
        rows.append(row)
    times = ["paint ms", "range", "blocking ms", "longest ms", "most CPU ms", "jump ms"]
    show("The site in a browser", ["page", *times, "page kB", "module kB"], rows)


def _median(visits: Sequence[Visit], name: str) -> float:
    return median(float(getattr(entry, name)) for entry in visits)


def _goals(measured: dict[str, list[Visit]]) -> list[Goal]:
    form, small, large = measured[_COMPOSE], measured[_SMALL], measured[_LARGE]
    return [
        Goal("form without the module", _median(form, "page_bytes") / 1000, at_most=_MAX_KB, unit=" kB"),
        Goal("10 kB without the module", _median(small, "page_bytes") / 1000, at_most=_MAX_KB, unit=" kB"),
        Goal("first paint of 10 kB", _median(small, "paint"), at_most=_MAX_PAINT_MS, unit=" ms"),
        Goal("longest task of 1 MB", _median(large, "longest"), at_most=_MAX_TASK_MS, unit=" ms"),
        Goal("longest task of a jump in 1 MB", _median(large, "jump"), at_most=_MAX_TASK_MS, unit=" ms"),
    ]


if __name__ == "__main__":
    main()
