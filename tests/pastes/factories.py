"""Makes pastes through the one write function."""

from typing import Any

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste


def publish_text(text: str = "text", name: str = "", **facts: Any) -> Paste:
    """Publish one file; `facts` are the other fields of a draft."""
    return writing.publish(Draft([NewFile(text, name)], **facts))
