"""Where people look at the commits of the mirror, and clone it: as settings say, or on a well-known forge.

Pure: no Git, no network. Who pushes, and with what, never leaves this module.
"""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings

from gitsync.errors import MisconfiguredError
from gitsync.remote import addresses

OFF = "off"
#: What stands between a repository and a commit in the address of its page.
_COMMITS = {
    "bitbucket.org": "/commits/",
    "code.forgejo.org": "/commit/",
    "codeberg.org": "/commit/",
    "git.sr.ht": "/commit/",
    "gitea.com": "/commit/",
    "github.com": "/commit/",
    "gitlab.com": "/-/commit/",
}
#: Where forges take SSH on the port of HTTPS.
_OTHER_NAMES = {
    "altssh.bitbucket.org": "bitbucket.org",
    "altssh.gitlab.com": "gitlab.com",
    "ssh.github.com": "github.com",
}
_REPOSITORY = re.compile(r"~?[\w.-]+(/[\w.-]+)+", re.ASCII)


def commit_url(commit: str) -> str:
    """Return the page of a commit: GITSYNC_WEB_URL with it filled in, else that of a well-known forge, or nothing."""
    if settings.GITSYNC_WEB_URL == OFF:
        return ""
    template = settings.GITSYNC_WEB_URL or _commits_of(settings.GITSYNC_REMOTE)
    return template.replace("{commit}", commit)


def clone_url() -> str:
    """Return what everybody may clone: GITSYNC_CLONE_URL, else a remote over HTTPS on a well-known forge, or nothing.

    Whether such a repository is open to everybody is for its owner to know: `off` tells nobody of it.
    """
    if settings.GITSYNC_CLONE_URL == OFF:
        return ""
    return settings.GITSYNC_CLONE_URL or _open_remote(settings.GITSYNC_REMOTE)


@lru_cache(maxsize=8)
def _commits_of(remote: str) -> str:
    """Return the address of commits of a remote with {commit} in it, or the empty string."""
    host, repository = _place(remote)
    return f"https://{host}/{repository}{_COMMITS[host]}{{commit}}" if repository else ""


@lru_cache(maxsize=8)
def _open_remote(remote: str) -> str:
    host, repository = _place(remote)
    return f"https://{host}/{repository}.git" if repository and remote.startswith("https://") else ""


def _place(remote: str) -> tuple[str, str]:
    """Return the host of a well-known forge and the repository there; of any other remote, two empty strings."""
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
