"""A visitor with a browser, who notices everything that the browser reports in its console."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Response, ViewportSize, expect

PHONE = ViewportSize(width=390, height=844)
WIDE = ViewportSize(width=1440, height=900)


class Visitor:
    """A fresh browser profile on the site, with one tab."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.console_messages: list[str] = []
        self._answers: dict[str, int] = {}
        self.page = context.new_page()
        self.page.on("console", self._record_message)
        self.page.on("pageerror", lambda error: self.console_messages.append(f"script: {error}"))
        self.page.on("response", self._record_response)

    @property
    def key(self) -> str:
        """The key of the paste whose page is open, or the page about it after its creation."""
        return urlsplit(self.page.url).path.removesuffix("/created").strip("/")

    def go(self, path: str) -> int:
        """Open a page of the site and return its status."""
        response = self.page.goto(self.url + path)
        assert response is not None
        return response.status

    def reload(self) -> int:
        """Reload the page, as when opening a shared link, and return its status."""
        return self.go(urlsplit(self.page.url).path)

    def see(self, text: str) -> None:
        """Fail unless the text is visible exactly once in the main part of the page."""
        expect(self.page.get_by_role("main").get_by_text(text)).to_have_count(1)
        expect(self.page.get_by_role("main").get_by_text(text)).to_be_visible()

    def box(self, number: int = 1) -> Locator:
        """Return the text box of the file with this number."""
        return self.page.get_by_label("Text", exact=True).nth(number - 1)

    def write(self, text: str, number: int = 1) -> None:
        """Put text into a file's box, as when pasting from the clipboard."""
        self.box(number).focus()
        self.page.keyboard.insert_text(text)

    def choose_file(self, name: str, content: bytes, number: int = 1) -> None:
        """Choose a file from disk instead."""
        chosen = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        self.page.get_by_label("or upload a file").nth(number - 1).set_input_files(chosen)  # type: ignore[arg-type]

    def open_details(self) -> None:
        """Unfold the details of the form, which are folded on phones."""
        summary = self.page.locator(".about summary")
        if summary.is_visible() and not summary.evaluate("summary => summary.parentElement.open"):
            summary.click()

    def add_file(self) -> None:
        """Press the button that adds another file to the form."""
        boxes = self.page.locator("textarea.code")
        before = boxes.count()
        self.page.get_by_role("button", name="Add another file").click()
        expect(boxes).to_have_count(before + 1)

    def press(self, button: str) -> int:
        """Press a button that submits a form, and return the status of the resulting page."""
        with self.page.expect_navigation() as navigation:
            self.page.get_by_role("button", name=button, exact=True).click()
        return navigation.value.status

    def read_file(self, name: str) -> str:
        """Return the text of a file as shown on the open page."""
        section = self.page.locator("section.file").filter(has=self.page.get_by_role("heading", name=name, exact=True))
        return section.locator("> pre").text_content() or ""

    def raw(self, key: str, name: str = "") -> bytes:
        """Return the bytes of a file, by default the first one."""
        return self.context.request.get(f"{self.url}/{key}/raw{'/' if name else ''}{name}").body()

    def scrolls_sideways(self) -> bool:
        """Return whether the page is wider than its window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    def cookies(self) -> Mapping[str, str]:
        """Return the cookies that the site has set."""
        return {cookie["name"]: cookie["value"] for cookie in self.context.cookies()}

    def _record_response(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self._answers[response.url] = response.status

    def _record_message(self, message: ConsoleMessage) -> None:
        """Record everything in the console, except that the page itself has an error status, which the test checks."""
        is_page = self._answers.get(message.location["url"], 200) >= 400
        if not (is_page and message.text.startswith("Failed to load resource")):
            self.console_messages.append(f"{message.type}: {message.text}")
