"""SSH for Git: one key, one known hosts file, no prompts, and no user configuration."""

import os
import shlex
import stat
from pathlib import Path

from gitsync.errors import MisconfiguredError
from gitsync.remote import deploy_key

_OPTIONS = {
    "IdentitiesOnly": "yes",
    "IdentityAgent": "none",
    "StrictHostKeyChecking": "yes",
    "GlobalKnownHostsFile": "/dev/null",
    "UpdateHostKeys": "no",
    "BatchMode": "yes",
    "ConnectTimeout": "10",
    "ServerAliveInterval": "15",
    "ServerAliveCountMax": "3",
}


def command(key_file: Path, known_hosts_file: Path) -> str:
    """Return the value of GIT_SSH_COMMAND, quoted for the shell that Git passes it to."""
    arguments = ["ssh", "-F", "/dev/null", "-i", str(key_file), "-o", f'UserKnownHostsFile="{known_hosts_file}"']
    for name, value in _OPTIONS.items():
        arguments += ["-o", f"{name}={value}"]
    return shlex.join(arguments)


def key_problems(file: Path | None) -> list[str]:
    """Return the problems with the deploy key's file, without reading it."""
    if file is None:
        return ["GITSYNC_SSH_KEY_FILE is not set: a remote over SSH needs a deploy key"]
    try:
        status = file.stat()
    except OSError as error:
        return [f"the deploy key {file} cannot be read: {error.strerror}"]
    if not stat.S_ISREG(status.st_mode) or not os.access(file, os.R_OK):
        return [f"the deploy key {file} cannot be read by this user"]
    if status.st_uid not in {os.getuid(), 0}:
        return [f"the deploy key {file} belongs to another user; it must belong to the user of the worker"]
    if stat.S_IMODE(status.st_mode) & 0o077:
        return [f"the deploy key {file} has mode {stat.S_IMODE(status.st_mode):04o}; it must be 0600"]
    return []


def unreadable_key_problems(file: Path) -> list[str]:
    """Return the problems with the deploy key itself, such as a passphrase or a format that OpenSSH cannot read."""
    try:
        deploy_key.read(file)
    except MisconfiguredError as error:
        return [str(error)]
    return []


def known_hosts_problems(file: Path | None) -> list[str]:
    """Return the problems with the file of pinned host keys; a host is never trusted on first use."""
    if file is None:
        return ["GITSYNC_SSH_KNOWN_HOSTS_FILE is not set: the remote's host key has to be pinned"]
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        return [f"the known hosts {file} cannot be read: {error.strerror}"]
    if not any(line.strip() and not line.startswith("#") for line in lines):
        return [f"the known hosts {file} pins no key"]
    return []
