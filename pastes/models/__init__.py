"""The models, all imported here for Django to find. Pastes are written by pastes/lifecycle/writing.py."""

from pastes.models.access import SCOPES, ApiToken, Creation, SecretKey
from pastes.models.moderation import WORDS_LENGTH, Ban, Origin, Outcome, Reason, Report
from pastes.models.paste import (
    AUTHOR_LENGTH,
    COMMENT_LENGTH,
    NAME_BYTES,
    TITLE_LENGTH,
    File,
    Paste,
    Revision,
    State,
    Tombstone,
    Visibility,
    blob_oid,
    readable,
)

__all__ = [
    "AUTHOR_LENGTH",
    "COMMENT_LENGTH",
    "NAME_BYTES",
    "SCOPES",
    "TITLE_LENGTH",
    "WORDS_LENGTH",
    "ApiToken",
    "Ban",
    "Creation",
    "File",
    "Origin",
    "Outcome",
    "Paste",
    "Reason",
    "Report",
    "Revision",
    "SecretKey",
    "State",
    "Tombstone",
    "Visibility",
    "blob_oid",
    "readable",
]
