"""Where mail is handed in: the parts of PASTEUR_EMAIL_URL."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from pasteur_site.environment import Environment

FORM = "smtp://, smtp+tls:// or smtps:// with user:password@host:port"
_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9][A-Za-z0-9.-]*")


@dataclass(frozen=True)
class Server:
    """A server that takes mail: in the clear, with TLS after a greeting, or with TLS from the first byte."""

    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starts_tls: bool = False
    is_tls: bool = False


def server(env: Environment, name: str) -> Server:
    """Return the server that the variable `name` gives, an empty one when it gives none."""
    url = env.url(name, env.secret(name), schemes=_PORTS, form=FORM)
    parts = urlsplit(url)
    if url and not (parts.hostname and parts.path in {"", "/"} and not parts.query and not parts.fragment):
        env.complain(name, f"must be {FORM}")
        return Server()
    if parts.scheme == "smtp" and parts.password and not _is_here(parts.hostname or ""):
        env.complain(name, "would send the password in the clear; write smtp+tls:// or smtps://")
        return Server()
    return Server(
        host=parts.hostname or "",
        port=parts.port or _PORTS.get(parts.scheme, 0),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starts_tls=parts.scheme == "smtp+tls",
        is_tls=parts.scheme == "smtps",
    )


def addresses(env: Environment, name: str) -> list[str]:
    """Return the addresses of people that the variable `name` gives, with commas between them."""
    found = env.words(name)
    if not all(_ADDRESS.fullmatch(address) and len(address) <= 254 for address in found):
        env.complain(name, "must be e-mail addresses such as ada@example.org, with commas between them")
        return []
    return found


def _is_here(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")
