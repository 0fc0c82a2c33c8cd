"""Line ends on the form: text boxes of browsers keep line feeds only, and what was not changed must not change."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.http import QueryDict

from pastes.lifecycle.draft import NewFile
from pastes.models import File


def of_box(text: str) -> str:
    """Return a text as a text box holds it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def undo_browser(fields: QueryDict) -> QueryDict:
    """Return submitted fields with line feeds in the texts, in which a browser has made every line end CR LF."""
    fields = fields.copy()
    for name in [name for name in fields if name.endswith("-content")]:
        fields.setlist(name, [of_box(str(text)) for text in fields.getlist(name)])
    return fields


def restore(files: Iterable[NewFile], originals: Sequence[File]) -> list[NewFile]:
    """Return submitted files with the line ends of the originals that the form was filled with.

    A text that is the same but for its line ends is the original, under whatever name. A changed one has CR LF where
    its original had nothing else.
    """
    texts = {of_box(original.content): original.content for original in originals}
    texts |= {of_box(original.content): original.content for original in originals if "\r" in original.content}
    named = {(original.name, of_box(original.content)): original.content for original in originals}
    by_name = {original.name: original.content for original in originals}
    restored = []
    for file in files:
        text = of_box(file.content)
        if (file.name, text) in named:
            content = named[file.name, text]
        elif text in texts:
            content = texts[text]
        elif _has_only_crlf(by_name.get(file.name, "")):
            content = text.replace("\n", "\r\n")
        else:
            content = file.content
        restored.append(replace(file, content=content))
    return restored


def _has_only_crlf(text: str) -> bool:
    return "\r\n" in text and not {"\r", "\n"} & set(text.replace("\r\n", ""))
