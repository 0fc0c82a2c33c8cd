"""Where rows, what is kept for a while, and messages to the worker go: DATABASE_URL, CACHE_URL, CELERY_BROKER_URL."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from pasteur_site.environment import Environment

_LOCAL = "django.core.cache.backends.locmem.LocMemCache"
_REDIS_PATH = re.compile(r"(/\d*)?")


def database(env: Environment, folder: Path) -> dict[str, Any]:
    """Return Django's settings of the database: the one that DATABASE_URL gives, or a file of SQLite in the folder."""
    form = "sqlite:////absolute/path or postgres://user:password@host:port/name"
    schemes = {"sqlite", "postgres", "postgresql"}
    url = env.url("DATABASE_URL", env.secret("DATABASE_URL"), schemes=schemes, form=form)
    found: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "pasteur.sqlite3")}
    if url:
        found = {**dj_database_url.parse(url)}
    is_sqlite = found["ENGINE"] == "django.db.backends.sqlite3"
    if not found["NAME"] or (is_sqlite and not Path(found["NAME"]).is_absolute()):
        env.complain("DATABASE_URL", f"must be {form}")
    if is_sqlite:
        # Readers never wait for the writer (WAL); a write takes its lock at once, so that it can wait for it
        # (IMMEDIATE); what was answered with 201 survives a power cut (FULL). The log is taken into the database every
        # 16 MB, not every 4: with many pastes, each new one touches pages of the indexes that no other has touched.
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;"
        pragmas += "PRAGMA wal_autocheckpoint=4000;"
        found["OPTIONS"] = {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": pragmas}
    else:
        found["CONN_HEALTH_CHECKS"] = True
        # The server plans a query that it has seen before only once; for a read that is most of its work.
        options = {"connect_timeout": 3, "server_side_binding": True, "prepare_threshold": 2}
        found["OPTIONS"] = options | found.get("OPTIONS", {})
    return found | {"CONN_MAX_AGE": None}


def cache(env: Environment) -> dict[str, Any]:
    """Return Django's settings of the cache that all processes share, where CACHE_URL gives one, or of one in each."""
    form = "redis://host:port/number, rediss:// or unix:///path"
    url = env.url("CACHE_URL", env.secret("CACHE_URL"), schemes={"redis", "rediss", "unix"}, form=form)
    if not url.startswith("unix:") and not _REDIS_PATH.fullmatch(urlsplit(url).path):
        env.complain("CACHE_URL", f"must be {form}")
    if not url:
        return {"BACKEND": _LOCAL}
    options = {"socket_connect_timeout": 1, "socket_timeout": 1}
    return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url, "OPTIONS": options}


def pages() -> dict[str, Any]:
    """Return Django's settings of the cache of rendered pages, which each process has for itself.

    At most 20 MB, and what is taken down is gone from there as well after a minute.
    """
    return {"BACKEND": _LOCAL, "LOCATION": "pages", "TIMEOUT": 60, "OPTIONS": {"MAX_ENTRIES": 300}}


def broker(env: Environment, folder: Path) -> tuple[str, dict[str, Any]]:
    """Return where messages to the worker go, files in the folder by default, and what Celery is told about it."""
    form = "redis://host:port/number or amqp://...; unset, files in the data folder"
    schemes = {"folder", "redis", "rediss", "redis+socket", "amqp", "amqps"}
    name = "CELERY_BROKER_URL"
    url = env.url(name, env.secret(name, "folder://localhost"), schemes=schemes, form=form)
    parts = urlsplit(url)
    if parts.scheme in {"redis", "rediss"} and not _REDIS_PATH.fullmatch(parts.path):
        env.complain(name, f"must be {form}")
    if parts.scheme == "folder":
        return url, {"folder": str(folder / "broker")}
    return url, {"socket_connect_timeout": 5, "socket_keepalive": True, "health_check_interval": 25}
