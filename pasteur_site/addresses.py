"""The addresses that the web server listens on."""

from django.conf import settings

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  (only compared)


def bind(port: int) -> str:
    """Return a port at HOST as gunicorn spells it."""
    return f"[{settings.HOST}]:{port}" if ":" in settings.HOST else f"{settings.HOST}:{port}"


def local(port: int) -> str:
    """Return a port at an address under which this machine reaches it."""
    host = _EVERY_ADDRESS.get(settings.HOST, settings.HOST)
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"
