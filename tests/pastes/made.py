"""Makes pastes through the one write function."""

from typing import Any

from pastes import writing
from pastes.drafts import Draft, NewFile
from pastes.models import Paste


def published(text: str = "text", name: str = "", **facts: Any) -> Paste:
    """Publish one file; `facts` are the other fields of a draft."""
    return writing.publish(Draft([NewFile(text, name)], **facts))
