"""Makes the pictures of docs/screenshots/ anew: the real site, on data that is thrown away, in a real browser."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.chromium import launched
from tests.servers.pasteur import ROOT, Pasteur

PICTURES = ROOT / "docs" / "screenshots"
MOST_BYTES = 150_000
WIDE = ViewportSize(width=1200, height=800)
ADMIN = ViewportSize(width=1440, height=800)
PHONE = ViewportSize(width=390, height=844)
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
            {"name": "count_words.py", "content": COUNT_WORDS},
            {"name": "Makefile", "content": MAKEFILE},
        ],
    },
]


def main() -> None:
    """Run the site, make a few pastes, and take the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    # The address of a site as its operator would set it, in place of a port of the moment.
    with Pasteur(PASTEUR_URL="http://paste.example.org", DJANGO_SUPERUSER_PASSWORD=PASSWORD) as site:
        site.manage("createsuperuser", "--noinput", "--username", MODERATOR, "--email", "moderator@example.org")
        keys = [_published(site, paste) for paste in PASTES]
        site.wait_until_mirrored(*keys)
        with launched() as browser:
            _compose(site, browser)
            _paste(site, browser, keys[-1])
            _recent(site, browser)
            _admin(site, browser)


def _published(site: Pasteur, paste: dict[str, Any]) -> str:
    body = json.dumps({"visibility": "public", **paste})
    headers = {"Content-Type": "application/json"}
    answer = site.http.request("POST", f"{site.url}/api/v1/pastes", body=body, headers=headers)
    assert answer.status == 201, answer.data
    return str(json.loads(answer.data)["key"])


def _compose(site: Pasteur, browser: Browser) -> None:
    for name, window in (("wide", WIDE), ("phone", PHONE)):
        page = browser.new_page(viewport=window)
        page.goto(f"{site.url}/")
        page.get_by_label("Title").fill("Greeting")
        page.get_by_label("File name").fill("hello.py")
        page.get_by_label("Text", exact=True).fill(HELLO)
        page.evaluate("scrollTo(0, 0)")
        _take(page, f"compose-{name}", whole=window is WIDE)


def _paste(site: Pasteur, browser: Browser, key: str) -> None:
    for name, window in (("wide", WIDE), ("phone", PHONE)):
        page = browser.new_page(viewport=window)
        page.goto(f"{site.url}/{key}")
        page.wait_for_selector("[data-painted]")
        _take(page, f"paste-{name}")
    page = browser.new_page(viewport=WIDE, color_scheme="dark")
    page.goto(f"{site.url}/{key}")
    page.wait_for_selector("[data-painted]")
    _take(page, "paste-dark")


def _recent(site: Pasteur, browser: Browser) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{site.url}/recent")
    _take(page, "recent-wide")


def _admin(site: Pasteur, browser: Browser) -> None:
    page = browser.new_page(viewport=ADMIN)
    page.goto(f"{site.url}/admin/pastes/paste/")
    page.get_by_label("Username").fill(MODERATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("#result_list")
    _take(page, "admin-wide")


def _take(page: Page, name: str, *, whole: bool = False) -> None:
    """Save what the window shows, or the whole page, and refuse a picture that would weigh the repository down."""
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file, animations="disabled", full_page=whole)
    page.close()
    assert file.stat().st_size <= MOST_BYTES, f"{file.name} has {file.stat().st_size} bytes"
    print(f"{file.relative_to(Path.cwd())}: {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
