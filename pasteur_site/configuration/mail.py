"""The mail server specified by PASTEUR_EMAIL_URL, and lists of email addresses."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from pasteur_site.configuration.environment import Environment

URL_FORM = "smtp://, smtp+tls:// or smtps:// with user:password@host:port"
_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9][A-Za-z0-9.-]*")


@dataclass(frozen=True)
class MailServer:
    """An SMTP server, and whether TLS starts with STARTTLS or with the connection."""

    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starts_tls: bool = False
    is_tls: bool = False


def server(env: Environment, name: str) -> MailServer:
    """Return the server specified by the variable `name`, or an empty one."""
    url = env.url(name, env.secret(name), schemes=_PORTS, form=URL_FORM)
    parts = urlsplit(url)
    if url and not (parts.hostname and parts.path in {"", "/"} and not parts.query and not parts.fragment):
        env.reject(name, f"must be {URL_FORM}")
        return MailServer()
    host = parts.hostname or ""
    is_loopback = host in {"localhost", "::1"} or host.startswith("127.")
    if parts.scheme == "smtp" and parts.password and not is_loopback:
        env.reject(name, "would send the password without encryption; use smtp+tls:// or smtps://")
        return MailServer()
    return MailServer(
        host=host,
        port=parts.port or _PORTS.get(parts.scheme, 0),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starts_tls=parts.scheme == "smtp+tls",
        is_tls=parts.scheme == "smtps",
    )


def addresses(env: Environment, name: str) -> list[str]:
    """Return the comma-separated email addresses in the variable `name`."""
    values = env.words(name)
    if not all(_ADDRESS.fullmatch(address) and len(address) <= 254 for address in values):
        env.reject(name, "must be comma-separated email addresses such as ada@example.org")
        return []
    return values
