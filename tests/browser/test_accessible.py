"""axe-core finds nothing on any page, light and dark, on a phone and on a wide screen."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Arrive
from tests.browser.sealing import base58, seal
from tests.browser.test_highlighting import HELLO, publish
from tests.browser.test_revisions import edited
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server

AXE = Path(__file__).resolve().parents[2] / "assets" / "node_modules" / "axe-core" / "axe.min.js"


def faults(visitor: Visitor) -> list[str]:
    """Return what axe-core finds on the open page. It is evaluated as the test's own code, not as the page's."""
    page = visitor.page
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [f"{one['id']}: {json.dumps([node['html'][:200] for node in one['nodes']])}" for one in found["violations"]]


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(arrive: Arrive, scheme: str, phone: bool) -> None:
    visitor = arrive(phone=phone)
    visitor.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    every_colour = '@meta\n# comment\nclass A(B):\n    def f(self): return [1, "s", None, print(f"{x}")]\n'
    files = [
        ("hello.py", HELLO + every_colour),
        ("a.html", '<b class="x">y</b>'),
        ("c.css", "a:hover { color: red }"),
        ("d.diff", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n"),
        ("e.md", "# H\n*e* **s** `c` [l](u)\n> q\n"),
    ]
    key = publish(visitor, *files, title="T", author="A", comment="c", visibility="public")
    hiding = publish(visitor, ("turned.txt", "a\u202eb"))
    burning = publish(visitor, ("x.txt", "x"), burn=True)
    sealed = publish(visitor, ("", seal("secret", bytes(range(32)))), encrypted=True)
    changed = edited(visitor, dict(files), {"hello.py": HELLO, "new.txt": "a\u202eb"})
    opened = f"/{sealed}#{base58(bytes(range(32)))}"

    found = {}
    for path in (
        "/",
        f"/{key}#hello.py-L1-L3",
        f"/{hiding}",
        f"/{burning}",
        f"/{key}/edit",
        f"/{key}/delete",
        f"/{key}/report",
        opened,
        "/mine",
        f"/{sealed}#x",
        f"/{changed}/revisions",
        f"/{changed}/revisions?view=split",
        f"/{changed}/revisions/1",
        "/recent",
        "/search?q=hello",
        "/by/A",
        "/0000000000",
    ):
        visitor.go(path)
        if path.startswith(f"/{key}"):
            visitor.page.wait_for_selector("#file-5[data-painted]" if "#" in path else "main")
        if path.startswith(f"/{sealed}"):
            visitor.page.wait_for_selector("#sealed form, #sealed .tool")
        found[path] = faults(visitor)
    visitor.page.keyboard.press("?")
    found["keys"] = faults(visitor)
    visitor.go("/")
    visitor.press("Paste")
    found["refused"] = faults(visitor)

    assert {path: fault for path, fault in found.items() if fault} == {}
