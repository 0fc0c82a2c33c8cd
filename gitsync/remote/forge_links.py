"""Builds web addresses for commits and for cloning, from the settings or for well-known forges.

Pure: no Git, no network. The addresses never contain a user, key or token from the remote's address.
"""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings

from gitsync.errors import MisconfiguredError
from gitsync.remote import addresses

OFF = "off"
#: The part between the repository and the commit id in the address of a commit's page.
_COMMITS = {
    "bitbucket.org": "/commits/",
    "code.forgejo.org": "/commit/",
    "codeberg.org": "/commit/",
    "git.sr.ht": "/commit/",
    "gitea.com": "/commit/",
    "github.com": "/commit/",
    "gitlab.com": "/-/commit/",
}
#: Hosts that forges provide for SSH over the HTTPS port.
_OTHER_NAMES = {
    "altssh.bitbucket.org": "bitbucket.org",
    "altssh.gitlab.com": "gitlab.com",
    "ssh.github.com": "github.com",
}
_REPOSITORY = re.compile(r"~?[\w.-]+(/[\w.-]+)+", re.ASCII)


def commit_url(commit: str) -> str:
    """Return the address of a commit's page, from GITSYNC_WEB_URL or on a well-known forge, or an empty string."""
    if settings.GITSYNC_WEB_URL == OFF:
        return ""
    template = settings.GITSYNC_WEB_URL or _commits_of(settings.GITSYNC_REMOTE)
    return template.replace("{commit}", commit)


def clone_url() -> str:
    """Return the address to clone: GITSYNC_CLONE_URL, an HTTPS remote on a well-known forge, or an empty string.

    There is no check whether that repository is public; for a private one, the operator sets `off`.
    """
    if settings.GITSYNC_CLONE_URL == OFF:
        return ""
    return settings.GITSYNC_CLONE_URL or _open_remote(settings.GITSYNC_REMOTE)


@lru_cache(maxsize=8)
def _commits_of(remote: str) -> str:
    """Return the address of a remote's commits, containing {commit}, or an empty string if the forge is unknown."""
    host, repository = _place(remote)
    return f"https://{host}/{repository}{_COMMITS[host]}{{commit}}" if repository else ""


@lru_cache(maxsize=8)
def _open_remote(remote: str) -> str:
    host, repository = _place(remote)
    return f"https://{host}/{repository}.git" if repository and remote.startswith("https://") else ""


def _place(remote: str) -> tuple[str, str]:
    """Return the host and repository of a remote on a well-known forge, or two empty strings."""
    try:
        address = addresses.parse(remote)
    except MisconfiguredError:
        return "", ""
    host = address.host.lower()
    host = _OTHER_NAMES.get(host, host)
    if host not in _COMMITS or address.transport not in {"ssh", "https"}:
        return "", ""
    path = urlsplit(remote).path if "://" in remote else remote.partition(":")[2]
    repository = path.strip("/").removesuffix(".git")
    return (host, repository) if _REPOSITORY.fullmatch(repository) else ("", "")
