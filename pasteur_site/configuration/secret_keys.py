"""Django's SECRET_KEY and its fallbacks, from the environment or stored in the data folder."""

import os
import secrets
from pathlib import Path

from pasteur_site.configuration.environment import Environment

#: The files in the data folder for the key and for former keys, newest first.
FILE_NAME, FALLBACKS_NAME = "secret_key", "secret_key_fallbacks"
#: The number of former keys that `rotate` keeps.
MAX_FALLBACKS = 3
_UNUSABLE = "unusable" * 8


def secret_keys(env: Environment, folder: Path) -> tuple[str, list[str]]:
    """Return SECRET_KEY, or the key stored in `folder`, and the former keys that are still accepted."""
    key, fallbacks = env.secret("SECRET_KEY"), env.secret("SECRET_KEY_FALLBACKS").split()
    if not key:
        try:
            key = stored_secret(folder / FILE_NAME)
            fallbacks += _stored_fallbacks(folder)
        except OSError as error:
            env.reject("PASTEUR_DATA_DIR", f"cannot create {folder / FILE_NAME}: {error.strerror}")
            return _UNUSABLE, []
    if not is_strong(key):
        env.reject("SECRET_KEY", "must be at least 32 random characters; if it is unset, Pasteur creates one")
        return _UNUSABLE, []
    if not all(is_strong(fallback) for fallback in fallbacks):
        env.reject("SECRET_KEY_FALLBACKS", "must be former keys of at least 32 characters, separated by whitespace")
        return key, []
    return key, [fallback for fallback in dict.fromkeys(fallbacks) if fallback != key]


def is_strong(key: str) -> bool:
    """Return whether a key is sufficiently long and varied."""
    return len(key) >= 32 and len(set(key)) >= 5 and not key.startswith("django-insecure-")


def rotate(folder: Path, new: str) -> None:
    """Replace the key stored in `folder`. The former key becomes the first fallback."""
    former = [stored_secret(folder / FILE_NAME), *_stored_fallbacks(folder)]
    _replace(folder / FALLBACKS_NAME, "\n".join(former[:MAX_FALLBACKS]) + "\n")
    _replace(folder / FILE_NAME, new)


def forget_fallbacks(folder: Path) -> None:
    """Delete the stored former keys."""
    (folder / FALLBACKS_NAME).unlink(missing_ok=True)


def stored_secret(file: Path) -> str:
    """Return the secret in `file`, which is created with mode 0600 if it does not exist.

    Processes that start at the same time get the same secret, because only one can create the hard link to its file.
    """
    if not file.exists():
        draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        with draft.open("w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(48))
            stream.flush()
            os.fsync(stream.fileno())  # A power failure must not leave an empty file.
        try:
            file.hardlink_to(draft)
        except FileExistsError:
            pass  # Another process was faster, so its secret is used.
        finally:
            draft.unlink()
    return file.read_text(encoding="ascii").strip()


def _stored_fallbacks(folder: Path) -> list[str]:
    file = folder / FALLBACKS_NAME
    return file.read_text(encoding="ascii").split() if file.exists() else []


def _replace(file: Path, content: str) -> None:
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    with draft.open("w", encoding="ascii") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
