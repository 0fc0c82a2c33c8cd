"""The logging configuration. Input from visitors cannot forge log lines."""

import copy
import errno
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
        # Scanners constantly send wrong host names, and each would log a traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "git": {"level": "WARNING"},
    },
}


class OneLineFormatter(logging.Formatter):
    """Escape control characters so that a message can neither forge a line nor send escape codes to a terminal.

    An unavailable database or a full disk is a condition, not a bug, so it is logged on one line without a traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        if error and _is_condition(error):
            record = copy.copy(record)
            record.msg = f"{record.getMessage()}: {' '.join(str(error).split()) or type(error).__name__}"
            record.args, record.exc_info, record.exc_text = None, None, None
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the name is logging's)
        return "".join(_escape(character) for character in super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  (the name is logging's)
        """Return the traceback, escaped and indented so that none of its lines look like a log line."""
        lines = super().formatException(ei).split("\n")
        return "\n".join("  " + "".join(map(_escape, line)) for line in lines)


def _is_condition(error: BaseException) -> bool:
    """Return whether an error comes from a service or a disk. Django, Celery and drivers use the same class names."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
    names = {kind.__name__ for kind in type(error).__mro__}
    is_statement_wrong = getattr(error.__cause__, "sqlite_errorname", "") == "SQLITE_ERROR"
    is_read_only = getattr(error.__cause__, "sqlstate", "") == "25006"
    return is_read_only or (bool(names & {"OperationalError", "InterfaceError"}) and not is_statement_wrong)


def _escape(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}:
        return character.encode("unicode_escape").decode("ascii")
    return character
