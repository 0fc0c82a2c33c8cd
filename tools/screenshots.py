"""Regenerate the images in docs/screenshots/, using the real site with temporary data in a real browser."""

import json
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.chromium import launch
from tests.browser.encryption.reference_ciphers import base58, seal
from tests.servers.pasteur import ROOT, Pasteur

SCREENSHOTS = ROOT / "docs" / "screenshots"
MAX_BYTES = 150_000
WINDOWS = {"wide": ViewportSize(width=1200, height=800), "phone": ViewportSize(width=390, height=844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
ADMIN = ViewportSize(width=1440, height=800)
MODERATOR, PASSWORD = "moderator", "only-for-the-pictures"

COUNT_WORDS = '''\
"""Print the ten words that stand most often in the text on standard input."""

import sys
from collections import Counter


def count(lines):
    """Return how often each word stands in the lines."""
    words = Counter()
    for line in lines:
        words.update(line.lower().split())
    return words


if __name__ == "__main__":
    for word, number in count(sys.stdin).most_common(10):
        print(f"{number:6} {word}")
'''
HELLO = 'def greet(name):\n    return f"Hello {name}!"\n\n\nprint(greet("world"))\n'
NOTE = "The door code is 4711 until Friday.\nThe key for the letter box hangs behind the coats.\n"
SECRET = bytes(range(32))
MAKEFILE = "words: book.txt\n\tpython3 count_words.py < book.txt > words\n"

PASTES: list[dict[str, Any]] = [
    {"title": "Backup before the upgrade", "author": "Grace", "files": [{"name": "backup.sh", "content": "pg_dump\n"}]},
    {"title": "Minutes of Monday", "author": "Louis", "files": [{"name": "minutes.md", "content": "# Monday\n"}]},
    {"title": "Why the build is red", "author": "Barbara", "files": [{"name": "build.log", "content": "make: ***\n"}]},
    {"files": [{"name": "nginx.conf", "content": "server { listen 80; }\n"}]},
    {"title": "Fix for the time zone", "author": "Ada", "files": [{"name": "zone.patch", "content": "--- a\n+++ b\n"}]},
    {"title": "Query for the report", "author": "Edgar", "files": [{"name": "report.sql", "content": "SELECT 1;\n"}]},
    {
        "title": "Count words",
        "author": "Ada",
        "comment": "As promised. It reads standard input.",
        "files": [
            {"name": "count_words.py", "content": COUNT_WORDS.replace("line.lower().split()", "line.split()")},
            {"name": "Makefile", "content": MAKEFILE},
        ],
    },
]
#: Later revisions of the last of these pastes.
EDITS = [
    {"count_words.py": COUNT_WORDS, "Makefile": MAKEFILE},
    {"count_words.py": COUNT_WORDS, "Makefile": f"{MAKEFILE}\nclean:\n\trm -f words\n"},
]

#: A function that brings a new browser page to the state to be shown.
Prepare = Callable[[Page, str], None]


def main() -> None:
    """Run the site, create a few pastes and take the screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    # Use a realistic address instead of a random port.
    with Pasteur(PASTEUR_URL="http://paste.example.org", DJANGO_SUPERUSER_PASSWORD=PASSWORD) as site:
        site.manage("createsuperuser", "--noinput", "--username", MODERATOR, "--email", "moderator@example.org")
        preparations = _preparations(*_create_pastes(site))
        with launch() as browser:
            for (size, window), scheme in product(WINDOWS.items(), SCHEMES):
                for name, prepare in preparations.items():
                    page = browser.new_page(viewport=window, color_scheme=scheme)
                    prepare(page, site.url)
                    whole = name == "revisions" or (name == "compose" and size == "wide")
                    _take(page, f"{name}-{size}{'' if scheme == 'light' else '-dark'}", whole=whole)
            _admin(site, browser)


def _create_pastes(site: Pasteur) -> tuple[str, str]:
    """Create the pastes and wait until they are in Git. Return the keys of an edited paste and an encrypted one."""
    sealed = _publish(site, {"files": [{"content": seal(NOTE, SECRET)}], "encrypted": True, "visibility": "unlisted"})
    older = [_publish(site, paste) for paste in PASTES]
    edited = older[-1]
    for files in EDITS:
        _edit(site, edited, files)
    site.wait_until_mirrored(sealed["key"], *(paste["key"] for paste in older))
    return edited["key"], sealed["key"]


def _publish(site: Pasteur, paste: dict[str, Any]) -> dict[str, str]:
    """Create a paste and return its key and edit token."""
    created: dict[str, str] = _request(site, "POST", "", {"visibility": "public", **paste})
    return created


def _edit(site: Pasteur, paste: dict[str, str], files: dict[str, str]) -> None:
    new_files = [{"name": name, "content": content} for name, content in files.items()]
    _request(
        site, "PATCH", f"/{paste['key']}", {"files": new_files}, {"X-Pasteur-Token": paste["token"], "If-Match": "*"}
    )


def _request(site: Pasteur, method: str, path: str, body: object, headers: dict[str, str] | None = None) -> Any:
    headers = {"Content-Type": "application/json", **(headers or {})}
    url = f"{site.url}/api/v1/pastes{path}"
    response = site.http.request(method, url, body=json.dumps(body), headers=headers)
    assert response.status in {200, 201}, response.data
    return json.loads(response.data)


def _preparations(edited: str, sealed: str) -> dict[str, Prepare]:
    """Return the functions that prepare the pages, keyed by screenshot name."""
    return {
        "compose": _compose,
        "paste": partial(_open, path=f"/{edited}", ready="#file-2[data-highlighted]"),
        "revisions": partial(_open, path=f"/{edited}/revisions?from=1&to=3&view=inline", ready="ins"),
        "recent": partial(_open, path="/recent", ready="ul.pastes"),
        "encrypted": partial(_open, path=f"/{sealed}#{base58(SECRET)}", ready="#sealed .tool"),
    }


def _open(page: Page, url: str, *, path: str, ready: str) -> None:
    page.goto(url + path)
    page.wait_for_selector(ready)


def _compose(page: Page, url: str) -> None:
    page.goto(f"{url}/")
    if (summary := page.locator(".about summary")).is_visible():  # Folded on a phone.
        summary.click()
    page.get_by_label("Title").fill("Greeting")
    page.get_by_label("Text", exact=True).fill(HELLO)
    page.wait_for_selector("option[data-guessed]", state="attached")
    page.evaluate("scrollTo(0, 0)")


def _admin(site: Pasteur, browser: Browser) -> None:
    page = browser.new_page(viewport=ADMIN)
    page.goto(f"{site.url}/admin/pastes/paste/")
    page.get_by_label("Username").fill(MODERATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("#result_list")
    _take(page, "admin-wide")


def _take(page: Page, name: str, *, whole: bool = False) -> None:
    """Save the visible part of the page or the whole page, and refuse images that are too large for the repository."""
    file = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=file, animations="disabled", full_page=whole)
    page.close()
    assert file.stat().st_size <= MAX_BYTES, f"{file.name} has {file.stat().st_size} bytes"
    print(f"{file.relative_to(Path.cwd())}: {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
