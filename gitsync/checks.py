"""System checks for the mirror's settings."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from gitsync.errors import MisconfiguredError
from gitsync.remote import addresses, https

_BRANCH = re.compile(r"[A-Za-z0-9_][\w./-]*")


def register_all() -> None:
    """Register the checks; `manage.py check`, `manage.py run` and the worker run them."""
    register(check_remote)
    register(check_branch)


def check_remote(**kwargs: Any) -> Sequence[CheckMessage]:
    """Check the remote (E001, E002) and its deploy key, host key, token and CA certificate (E003, E004, E006, E007)."""
    try:
        address = addresses.configured()
    except MisconfiguredError as error:
        hint = (
            "Use, for example, /srv/git/pastes.git, git@host:pastes.git, ssh://git@host:22/pastes.git or "
            "https://host/pastes.git."
        )
        return [Error(f"GITSYNC_REMOTE: {error}.", hint=hint, id="gitsync.E001")]
    if address.is_network:
        return _check_ssh() if address.transport == "ssh" else _check_http(address)
    if not settings.GITSYNC_IS_DEFAULT_REMOTE and not _is_repository(Path(address.url)):
        hint = f"Create one with: git init --bare --initial-branch={settings.GITSYNC_BRANCH} {address.url}"
        return [Error("GITSYNC_REMOTE: there is no Git repository at this path.", hint=hint, id="gitsync.E002")]
    return []


def check_branch(**kwargs: Any) -> Sequence[CheckMessage]:
    """Check the name of the branch (E005), see git-check-ref-format(1)."""
    branch = settings.GITSYNC_BRANCH
    parts = branch.split("/")
    is_odd = ".." in branch or any(
        part in {"", "."} or part.startswith(".") or part.endswith((".", ".lock")) for part in parts
    )
    if is_odd or not _BRANCH.fullmatch(branch):
        return [Error("GITSYNC_BRANCH: this is not a valid branch name.", hint="For example, main.", id="gitsync.E005")]
    return []


def _check_ssh() -> Sequence[CheckMessage]:
    from gitsync.remote.ssh import (  # Imported only if SSH is used.
        key_problems,
        known_hosts_problems,
        unreadable_key_problems,
    )

    messages: list[CheckMessage] = []
    key, hosts = settings.GITSYNC_SSH_KEY_FILE, settings.GITSYNC_SSH_KNOWN_HOSTS_FILE
    will_be_derived = settings.GITSYNC_SSH_SEED and not key.exists()
    for problem in [] if will_be_derived else key_problems(key) or unreadable_key_problems(key):
        hint = "Create a key with: ./manage.py deploy_key; its mode must be 0600."
        messages.append(Error(f"{problem}.", hint=hint, id="gitsync.E003"))
    for problem in [] if settings.GITSYNC_SSH_HOST_FINGERPRINT else known_hosts_problems(hosts):
        hint = "Pin the host key with: ./manage.py trust_host HOST; the forge publishes its fingerprint."
        messages.append(Error(f"{problem}.", hint=hint, id="gitsync.E004"))
    return messages


def _check_http(address: addresses.Address) -> Sequence[CheckMessage]:
    login = https.Login(settings.GITSYNC_HTTP_USER, settings.GITSYNC_HTTP_TOKEN)
    hint = "Use https://, and copy the token exactly as the forge displays it."
    messages = [Error(f"{problem}.", hint=hint, id="gitsync.E006") for problem in https.login_problems(address, login)]
    hint = "Set GITSYNC_HTTP_CA_FILE to a PEM file with the CA certificate (-----BEGIN CERTIFICATE-----)."
    problems = https.authority_problems(settings.GITSYNC_HTTP_CA_FILE)
    return messages + [Error(f"{problem}.", hint=hint, id="gitsync.E007") for problem in problems]


def _is_repository(path: Path) -> bool:
    return any(os.access(root / "HEAD", os.R_OK) and (root / "objects").is_dir() for root in (path, path / ".git"))
