"""Log lines that stay one line each, whatever a visitor put into them."""

import logging
import unicodedata
from typing import Any

#: What Django and Celery are told about logging.
CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "pasteur_site.logs.OneLine",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "ERROR"},
        # Scanners try foreign names all day; each would be a traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "git": {"level": "WARNING"},
    },
}


class OneLine(logging.Formatter):
    """Write control characters of a message as escapes, so that nobody can forge a line or steer a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the name is logging's)
        """Return the formatted line; a traceback is added after it by the base class."""
        return "".join(_visible(character) for character in super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  (the name is logging's)
        """Return the traceback, indented and escaped, so that an exception's text cannot pass for another line."""
        lines = super().formatException(ei).split("\n")
        return "\n".join("  " + "".join(map(_visible, line)) for line in lines)


def _visible(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}:
        return character.encode("unicode_escape").decode("ascii")
    return character
