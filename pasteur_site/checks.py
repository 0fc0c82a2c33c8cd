"""System checks for the site's own settings."""

import stat
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from pastes.access import secret_keys
from pasteur_site.certificates import checks as certificate_checks


def register_all() -> None:
    """Register the checks; `manage.py check`, `manage.py run` and the worker run them."""
    register(check_data_folder)
    register(certificate_checks.check_tsig_key)
    register(certificate_checks.check_ca_file)
    register(check_secret_key, Tags.database)


def check_data_folder(**kwargs: Any) -> Sequence[CheckMessage]:
    """Check for pasteur_site.E001: other accounts can access the data folder, which contains all pastes and keys."""
    folder = settings.DATA_DIR
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except OSError:
        return []  # The settings have already been refused.
    if not mode & 0o077:
        return []
    message = f"PASTEUR_DATA_DIR: other accounts can open {folder} (mode {mode:04o})."
    return [Error(message, hint=f"Run: chmod 700 {folder}", id="pasteur_site.E001")]


def check_secret_key(databases: Sequence[str] | None = None, **kwargs: Any) -> Sequence[CheckMessage]:
    """Check for pasteur_site.E002: processes have different keys, or the database comes from another site."""
    if not databases:
        return []
    try:
        problem, _, hint = secret_keys.mismatch().partition(". ")
    except DatabaseError:
        return []  # There are no tables yet, or the database is down, which is reported elsewhere.
    return [Error(f"{problem}.", hint=hint, id="pasteur_site.E002")] if problem else []
