"""Django's and Celery's settings for the database, the cache and the broker, derived from their URLs."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from pasteur_site.configuration.environment import Environment

_LOCAL_MEMORY = "django.core.cache.backends.locmem.LocMemCache"
_REDIS_PATH = re.compile(r"(/\d*)?")
#: Readers never wait for the writer (WAL), and commits survive a power failure (FULL). The log is checkpointed every
#: 16 MB instead of 4 MB because, with many pastes, each new one touches different index pages.
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000; PRAGMA wal_autocheckpoint=4000;"
    " PRAGMA secure_delete=ON;"
)


def database(env: Environment, folder: Path) -> dict[str, Any]:
    """Return the database specified by DATABASE_URL, or an SQLite file in `folder`."""
    form = "sqlite:////absolute/path or postgres://user:password@host:port/name"
    schemes = {"sqlite", "postgres", "postgresql"}
    url = env.url("DATABASE_URL", env.secret("DATABASE_URL"), schemes=schemes, form=form)
    settings: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "pasteur.sqlite3")}
    if url:
        settings = {**dj_database_url.parse(url)}
    is_sqlite = settings["ENGINE"] == "django.db.backends.sqlite3"
    if not settings["NAME"] or (is_sqlite and not Path(settings["NAME"]).is_absolute()):
        env.reject("DATABASE_URL", f"must be {form}")
    if is_sqlite:
        # IMMEDIATE: a write acquires its lock at the start, which is the only time when it can wait for the lock.
        settings["OPTIONS"] = {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": _SQLITE_PRAGMAS}
    else:
        settings["CONN_HEALTH_CHECKS"] = True
        # Prepared statements: planning accounts for most of the server's work for a read.
        options = {"connect_timeout": 3, "server_side_binding": True, "prepare_threshold": 2}
        settings["OPTIONS"] = options | settings.get("OPTIONS", {})
    return settings | {"CONN_MAX_AGE": None}


def cache(env: Environment) -> dict[str, Any]:
    """Return the cache specified by CACHE_URL, which all processes share, or a per-process cache in memory."""
    form = "redis://host:port/number, rediss:// or unix:///path"
    url = env.url("CACHE_URL", env.secret("CACHE_URL"), schemes={"redis", "rediss", "unix"}, form=form)
    if not url.startswith("unix:") and not _REDIS_PATH.fullmatch(urlsplit(url).path):
        env.reject("CACHE_URL", f"must be {form}")
    if not url:
        return {"BACKEND": _LOCAL_MEMORY}
    options = {"socket_connect_timeout": 1, "socket_timeout": 1}
    return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url, "OPTIONS": options}


def page_cache() -> dict[str, Any]:
    """Return the per-process cache of rendered pages, which holds at most 20 MB and each page for a minute."""
    return {"BACKEND": _LOCAL_MEMORY, "LOCATION": "pages", "TIMEOUT": 60, "OPTIONS": {"MAX_ENTRIES": 300}}


def broker(env: Environment, folder: Path) -> tuple[str, dict[str, Any]]:
    """Return the URL of the broker and Celery's transport options. The default is to use files in `folder`."""
    name = "CELERY_BROKER_URL"
    form = "redis://host:port/number or amqp://...; when it is unset, files in the data folder are used"
    schemes = {"folder", "redis", "rediss", "redis+socket", "amqp", "amqps"}
    url = env.url(name, env.secret(name, "folder://localhost"), schemes=schemes, form=form)
    parts = urlsplit(url)
    if parts.scheme in {"redis", "rediss"} and not _REDIS_PATH.fullmatch(parts.path):
        env.reject(name, f"must be {form}")
    if parts.scheme == "folder":
        return url, {"folder": str(folder / "broker")}
    return url, {"socket_connect_timeout": 5, "socket_keepalive": True, "health_check_interval": 25}
