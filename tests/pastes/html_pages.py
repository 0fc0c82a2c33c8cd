"""Parses pages like a browser: form fields, and the text that a visitor sees."""

import re
from html.parser import HTMLParser
from typing import Any


class Page(HTMLParser):
    """A parsed page. References are resolved and the first line break of a text box is dropped, as in a browser."""

    def __init__(self, response: Any) -> None:
        super().__init__(convert_charrefs=True)
        self.html = response.content.decode()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.areas: dict[str, str] = {}
        self.selected: dict[str, str] = {}
        self.texts: list[str] = []
        self.pre: list[str] = []
        self._open: list[tuple[str, str]] = []
        self.feed(self.html)
        self.close()

    @property
    def values(self) -> dict[str, str]:
        """Return the values of all form fields, keyed by name."""
        inputs = {
            str(attributes.get("name")): attributes.get("value") or ""
            for tag, attributes in self.tags
            if tag == "input" and attributes.get("type") != "checkbox"
        }
        ticked = {str(f.get("name")): "on" for tag, f in self.tags if tag == "input" and "checked" in f}
        return {**inputs, **ticked, **self.areas, **self.selected}

    @property
    def text(self) -> str:
        """Return everything a visitor can read outside of form fields; whitespace collapses as in a browser."""
        return re.sub(r" {2,}", " ", "".join(self.texts))

    def links(self) -> list[str]:
        """Return the targets of all links."""
        return [attributes.get("href") or "" for tag, attributes in self.tags if tag == "a"]

    def foreign_elements(self) -> list[tuple[str, dict[str, str | None]]]:
        """Return images and scripts from outside /static/, which may have been injected."""
        suspects = [(tag, attributes) for tag, attributes in self.tags if tag in {"img", "script"}]
        return [
            (tag, attributes)
            for tag, attributes in suspects
            if not (attributes.get("src") or "").startswith("/static/")
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag in {"textarea", "select", "pre"}:
            self._open.append((tag, str(attributes.get("name"))))
        if tag == "textarea":
            self.areas[str(attributes.get("name"))] = ""
        elif tag == "pre":
            self.pre.append("")
        elif tag == "option" and "selected" in attributes and self._open:
            self.selected[self._open[-1][1]] = attributes.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            self._open.pop()
            if tag == "textarea":
                name = list(self.areas)[-1]
                self.areas[name] = self.areas[name].removeprefix("\n")
            elif tag == "pre":
                self.pre[-1] = self.pre[-1].removeprefix("\n")

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ("", "")
        if inside[0] == "textarea":
            self.areas[inside[1]] += data
        elif inside[0] == "pre":
            self.pre[-1] += data
            self.texts.append(data)
        elif inside[0] != "select":
            self.texts.append(re.sub(r"\s+", " ", data))
