"""Environment variables as typed values. All errors are collected so that every wrong variable is reported at once."""

import difflib
import os
import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

#: An unknown variable with one of these prefixes is treated as a typo.
OUR_PREFIXES = ("PASTEUR_", "GITSYNC_")
_BASE_DIR = Path(__file__).resolve().parents[2]


class SettingsError(ImproperlyConfigured):
    """Invalid environment variables, one per line."""


class Environment:
    """Environment variables as typed values.

    An invalid value is recorded as an error and replaced by the default. `finish` raises SettingsError with all errors.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        #: The names of all variables that were read.
        self.names: set[str] = set()
        self._errors: list[str] = []

    def reject(self, name: str, reason: str) -> None:
        """Record that the variable `name` is invalid. The reason must not contain the value of a secret."""
        self._errors.append(f"  {name}: {reason}")

    def finish(self) -> None:
        """Raise SettingsError if any variable was rejected, or is unknown but has one of our prefixes."""
        for name in sorted(self._values):
            if name.startswith(OUR_PREFIXES) and name not in self.names:
                matches = difflib.get_close_matches(name, self.names, n=1)
                hint = f"; did you mean {matches[0]}?" if matches else ""
                self.reject(name, f"unknown setting{hint}")
        if self._errors:
            raise SettingsError("\n".join(self._errors))

    def text(self, name: str, default: str = "", *, pattern: str = "", form: str = "") -> str:
        """Return the value, or the default if it is unset or empty.

        A value that does not fully match `pattern` is rejected, with `form` as the description of a valid value.
        """
        self.names.add(name)
        value = self._values.get(name, "").strip()
        if value and pattern and not re.fullmatch(pattern, value, re.ASCII):
            self.reject(name, f"must be {form}")
            return default
        return value or default

    def secret(self, name: str, default: str = "") -> str:
        """Return the value of NAME, or the content of the file specified by NAME_FILE."""
        value, file = self.text(name), self.text(f"{name}_FILE")
        if value and file:
            self.reject(name, f"set either {name} or {name}_FILE, not both")
        if not file:
            return value or default
        try:
            return _absolute(file).read_text(encoding="utf-8").strip() or default
        except (OSError, UnicodeDecodeError) as error:
            self.reject(f"{name}_FILE", f"cannot read {file}: {_reason(error)}")
            return default

    def seed(self, name: str) -> str:
        """Return a secret from which keys are derived, like `secret`; it must have at least 32 random bytes."""
        value = self.secret(name)
        if value and (len(value.encode()) < 32 or len(set(value)) < 5):
            self.reject(name, "must be at least 32 random bytes, for example from `openssl rand -hex 32`")
            return ""
        return value

    def integer(self, name: str, default: int, *, minimum: int, maximum: int) -> int:
        """Return an integer between `minimum` and `maximum`."""
        value = self.text(name)
        if not value:
            return default
        is_number = len(value) <= 18 and value.isascii() and value.isdecimal()
        if not is_number or not minimum <= int(value) <= maximum:
            self.reject(name, f"must be a whole number from {minimum} to {maximum}, not {value[:50]!r}")
            return default
        return int(value)

    def seconds(self, name: str, *, maximum: float) -> float | None:
        """Return a duration in seconds between 0 and `maximum`, or None if it is unset."""
        value = self.text(name)
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number <= maximum:
            self.reject(name, f"must be a number of seconds from 0 to {maximum:g}, not {value[:50]!r}")
            return None
        return number

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return True for 1, true, yes and on, and False for 0, false, no and off."""
        value = self.text(name).lower() or ("1" if default else "")
        if value not in {"", "0", "false", "no", "off", "1", "true", "yes", "on"}:
            self.reject(name, f"must be 1 or 0, not {value[:50]!r}")
        return value in {"1", "true", "yes", "on"}

    def words(self, name: str, default: Iterable[str] = ()) -> list[str]:
        """Return a list of comma-separated values."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()] or list(default)

    def url(self, name: str, value: str, *, schemes: Collection[str], form: str) -> str:
        """Return `value` if it is a URL with one of the schemes, or an empty string otherwise.

        `name` is the variable that the value comes from, and `form` describes a valid URL.
        """
        try:
            parts = urlsplit(value)
            is_valid = parts.scheme in schemes and parts.port != 0 and value.isprintable() and " " not in value
        except ValueError:
            is_valid = False
        if value and not is_valid:
            self.reject(name, f"must be {form}")
            return ""
        return value

    def path(self, name: str, default: Path | None = None) -> Path | None:
        """Return an absolute path. Relative paths are relative to the checkout, not to the current directory."""
        value = self.text(name)
        return _absolute(value) if value else default

    def folder(self, name: str, default: Path) -> Path:
        """Return a writable folder, creating it with mode 0700 if it does not exist."""
        folder = self.path(name) or default
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = folder / f".probe-{secrets.token_hex(4)}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            self.reject(name, f"cannot use {folder}: {_reason(error)}")
        return folder


def _absolute(path: str) -> Path:
    return Path(os.path.abspath(_BASE_DIR / Path(path).expanduser()))  # noqa: PTH100  (removes `..`, as Git requires)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "it is not UTF-8 text"
