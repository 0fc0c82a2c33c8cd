"""HTTP(S) for Git: a token for one host, no redirects, and no user configuration.

The token is passed to Git only through its environment, which no other user can read. It never appears in an address,
an argument, a file or a message (docs/adr/0032).
"""

import base64
import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from gitsync.errors import MisconfiguredError
from gitsync.remote.addresses import Address

#: Abort below this many bytes per second for this many seconds; a working server sends data every 5 seconds.
_LEAST_BYTES, _SLOW_SECONDS = 1, 30


@dataclass(frozen=True)
class Login:
    """A user and a token; if the token is empty, no login takes place."""

    user: str = ""
    token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """User and token, encoded for the Authorization header (RFC 7617)."""
        return base64.b64encode(f"{self.user}:{self.token}".encode()).decode()

    def masked(self, text: str) -> str:
        """Return text, such as a message from the remote, with the token removed."""
        if not self.token:
            return text
        return text.replace(self.token, "***").replace(self.basic, "***")


NO_LOGIN = Login()


def login_problems(address: Address, login: Login) -> list[str]:
    """Return the reasons why the token cannot be sent to this address."""
    if not login.token:
        return []
    if not login.token.isprintable() or " " in login.token:
        return ["GITSYNC_HTTP_TOKEN contains spaces or control characters"]
    if ":" in login.user or not login.user.isprintable():
        return ["GITSYNC_HTTP_USER is not a valid user name"]
    if address.transport == "http" and not address.is_loopback:
        return ["GITSYNC_REMOTE uses http://, which would expose GITSYNC_HTTP_TOKEN to the network"]
    return []


def authority_problems(file: Path | None) -> list[str]:
    """Return the reasons why the file of the certificate authority cannot be used."""
    if file is None:
        return []
    try:
        ssl.create_default_context(cafile=str(file))
    except ssl.SSLError:
        return [f"{file} of GITSYNC_HTTP_CA_FILE does not contain a certificate in PEM format"]
    except OSError as error:
        return [f"{file} of GITSYNC_HTTP_CA_FILE cannot be read: {error.strerror}"]
    return []


def environment(address: Address, login: Login, authority: Path | None = None, proxy: str = "") -> dict[str, str]:
    """Return the environment for Git. If given, `authority` is a CA file to use instead of the system's.

    Raise MisconfiguredError if the token cannot be sent safely or the file cannot be used.
    """
    if problems := login_problems(address, login) + authority_problems(authority):
        raise MisconfiguredError("; ".join(problems))
    options = {
        "http.followRedirects": "false",
        "http.lowSpeedLimit": str(_LEAST_BYTES),
        "http.lowSpeedTime": str(_SLOW_SECONDS),
    }
    if proxy:
        options["http.proxy"] = proxy
    if authority:
        options["http.sslCAInfo"] = str(authority)
    if login.token:
        options[f"http.{address.url}.extraHeader"] = f"Authorization: Basic {login.basic}"
    environment = {"GIT_CONFIG_COUNT": str(len(options)), "HOME": os.devnull}  # HOME might contain a .netrc.
    for number, (name, value) in enumerate(options.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = name
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment
