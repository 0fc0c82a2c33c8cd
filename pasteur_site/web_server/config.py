"""The configuration of gunicorn for `manage.py run` and the containers."""

import gc
import logging
import sys

from django.db import DatabaseError, connections

from pasteur_site.startup import EX_CONFIG, load_settings

load_settings()

from django.conf import settings  # noqa: E402  (settings come first)

from pasteur_site.processes import output  # noqa: E402

output.never_wait()

bind = f"[{settings.HOST}]:{settings.PORT}" if ":" in settings.HOST else f"{settings.HOST}:{settings.PORT}"
worker_class = "pasteur_site.web_server.buffered_worker.BufferedWorker"
workers = settings.PASTEUR_WEB_PROCESSES
threads = settings.PASTEUR_WEB_THREADS
# A process may open 1,024 files by default, and the database and the log need some of them.
worker_connections = 900
# The application is loaded before the fork: workers start at once and share most of their memory.
preload_app = True
keepalive = 5
timeout = 30
graceful_timeout = 5
# Workers are replaced now and then, which bounds the memory leaks of libraries.
max_requests = 100_000
max_requests_jitter = 10_000
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = "warning"
# No header changes the scheme or the path of the site. Django reads the headers that PASTEUR_PROXIES names.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}


def on_starting(server: object) -> None:
    """Refuse to start with the SECRET_KEY of another site. Without a database, `/readyz` checks it later."""
    from pastes.access import secret_keys

    try:
        problem = secret_keys.mismatch()
    except DatabaseError:
        problem = ""
    connections.close_all()  # Each process opens its own.
    if problem:
        print(f"The web server cannot start: {problem}", file=sys.stderr)
        sys.exit(EX_CONFIG)


def when_ready(server: object) -> None:
    """Exclude the loaded modules from garbage collection, which would delay a response by an eighth of a second."""
    gc.freeze()
    logging.getLogger(__name__).info("listening on http://%s", bind)
