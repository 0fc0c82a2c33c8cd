"""The logging configuration. Text from visitors cannot forge a log line."""

import logging
import unicodedata
from typing import Any

#: For logging.config.dictConfig.
CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "pasteur_site.logs.OneLineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "ERROR"},
        # Scanners send foreign host names all day, and each would log a traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "git": {"level": "WARNING"},
    },
}


class OneLineFormatter(logging.Formatter):
    """Escapes control characters, so that a message can neither forge a line nor send codes to a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the name is logging's)
        return "".join(_escape(character) for character in super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  (the name is logging's)
        """Return the traceback, escaped and indented, so that no line of it looks like a log line."""
        lines = super().formatException(ei).split("\n")
        return "\n".join("  " + "".join(map(_escape, line)) for line in lines)


def _escape(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}:
        return character.encode("unicode_escape").decode("ascii")
    return character
