"""Reads the environment once, at start, and collects everything that is wrong with it into one message."""

import difflib
import os
import secrets
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

#: Variables with these beginnings are ours; an unknown one is a typing mistake and is refused.
OUR_PREFIXES = ("PASTEUR_", "GITSYNC_")


class SettingsError(ImproperlyConfigured):
    """One or more environment variables hold something the site cannot run with; one line each."""


class Environment:
    """Environment variables as typed values.

    A value that makes no sense is noted and replaced by the default; `finish` raises SettingsError with all notes.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._known: set[str] = set()
        self._problems: list[str] = []

    def complain(self, name: str, why: str) -> None:
        """Note that the variable `name` cannot be used, and why, without the value: it may be a secret."""
        self._problems.append(f"  {name}: {why}")

    def finish(self) -> None:
        """Raise SettingsError when anything was wrong, unknown names with our prefixes included."""
        for name in sorted(self._values):
            if name.startswith(OUR_PREFIXES) and name not in self._known:
                near = difflib.get_close_matches(name, self._known, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                self.complain(name, f"there is no such setting{hint}")
        if self._problems:
            raise SettingsError("\n".join(self._problems))

    def text(self, name: str, default: str = "") -> str:
        """Return the value, or the default when it is unset or empty."""
        self._known.add(name)
        return self._values.get(name, "").strip() or default

    def secret(self, name: str, default: str = "") -> str:
        """Return the value of NAME or the content of the file named by NAME_FILE; both at once is a mistake."""
        direct, file = self.text(name), self.text(f"{name}_FILE")
        if direct and file:
            self.complain(name, f"give either {name} or {name}_FILE, not both")
        if not file:
            return direct or default
        try:
            return Path(file).read_text(encoding="utf-8").strip() or default
        except (OSError, UnicodeDecodeError) as error:
            self.complain(f"{name}_FILE", f"cannot read {file}: {_reason(error)}")
            return default

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number between `least` and `most`, both included."""
        value = self.text(name)
        if not value:
            return default
        if len(value) > 18 or not value.isascii() or not value.isdecimal() or not least <= int(value) <= most:
            self.complain(name, f"must be a whole number from {least} to {most}, not {value[:50]!r}")
            return default
        return int(value)

    def seconds(self, name: str, *, most: float) -> float | None:
        """Return a duration in seconds from 0 to `most`, or None when it is unset."""
        value = self.text(name)
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number <= most:
            self.complain(name, f"must be a number of seconds from 0 to {most:g}, not {value[:50]!r}")
            return None
        return number

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return whether the switch is on: 1, true, yes or on; 0, false, no or off is off, nothing the default."""
        value = self.text(name).lower() or ("1" if default else "")
        if value not in {"", "0", "false", "no", "off", "1", "true", "yes", "on"}:
            self.complain(name, f"must be 1 or 0, not {value[:50]!r}")
        return value in {"1", "true", "yes", "on"}

    def words(self, name: str, default: Iterable[str] = ()) -> list[str]:
        """Return the comma-separated values."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()] or list(default)

    def url(self, name: str, value: str, *, schemes: Collection[str], form: str) -> str:
        """Return the address that was read under a name if it is one of these schemes, and the empty string otherwise.

        `form` says what it should look like.
        """
        try:
            parts = urlsplit(value)
            makes_sense = parts.scheme in schemes and parts.port != 0 and value.isprintable() and " " not in value
        except ValueError:
            makes_sense = False
        if value and not makes_sense:
            self.complain(name, f"must be {form}")
            return ""
        return value

    def path(self, name: str, default: Path | None = None) -> Path | None:
        """Return an absolute path; a relative one counts from the current folder."""
        value = self.text(name)
        return Path(value).expanduser().absolute() if value else default

    def folder(self, name: str, default: Path) -> Path:
        """Return a folder that exists and can be written to; it is made, for its owner only, when it is missing."""
        folder = self.path(name) or default
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = folder / f".probe-{secrets.token_hex(4)}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            self.complain(name, f"cannot use {folder}: {_reason(error)}")
        return folder


def kept_secret(file: Path) -> str:
    """Return the secret kept in `file`, making it (readable by its owner only) when it is missing.

    Two processes that start at once agree: the file appears whole under its name, and the first one wins.
    """
    if not file.exists():
        draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        with draft.open("w", encoding="ascii") as kept:
            kept.write(secrets.token_urlsafe(48))
            kept.flush()
            os.fsync(kept.fileno())  # A power cut must not leave an empty one.
        try:
            file.hardlink_to(draft)
        except FileExistsError:
            pass  # Another process was first; its secret is as good as ours.
        finally:
            draft.unlink()
    return file.read_text(encoding="ascii").strip()


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "it is not UTF-8 text"
