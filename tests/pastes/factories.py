"""Creates pastes through `publish`."""

from typing import Any

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste


def publish_text(text: str = "text", name: str = "", **fields: Any) -> Paste:
    """Publish one file; `fields` are the other fields of the draft."""
    return writing.publish(Draft([NewFile(text, name)], **fields))
