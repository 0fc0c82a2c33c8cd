"""The gunicorn configuration for `manage.py run` and containers."""

import gc
import logging
import sys

from django.db import DatabaseError, connections

from pasteur_site.startup import EX_CONFIG, load_settings

load_settings()

from django.conf import settings  # noqa: E402  (settings come first)

from pasteur_site import addresses  # noqa: E402
from pasteur_site.certificates import served  # noqa: E402
from pasteur_site.processes import output  # noqa: E402

output.never_wait()

bind = [addresses.bind(settings.PORT)]
if settings.PASTEUR_HTTPS:
    served.ensure()
    bind.append(addresses.bind(settings.HTTPS_PORT))
    certfile = str(served.file())
worker_class = "pasteur_site.web_server.buffered_worker.BufferedWorker"
workers = settings.PASTEUR_WEB_PROCESSES
threads = settings.PASTEUR_WEB_THREADS
# By default, a process may open 1,024 files, some of which are needed for the database and the log.
worker_connections = 900
# Load the application before forking, so that workers start immediately and share most of their memory.
preload_app = True
keepalive = 5
timeout = 30
graceful_timeout = 5
# Replace workers from time to time to limit memory leaks in libraries.
max_requests = 100_000
max_requests_jitter = 10_000
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = "warning"
# Headers must not change the site's scheme or path. Django evaluates the headers that PASTEUR_PROXIES allows.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}


def on_starting(server: object) -> None:
    """Refuse to start with a foreign SECRET_KEY. If the database is unavailable, `/readyz` checks it later."""
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
    """Exclude loaded modules from garbage collection, which would delay a response by an eighth of a second."""
    gc.freeze()
    urls = [f"{scheme}://{address}" for scheme, address in zip(("http", "https"), bind, strict=False)]
    logging.getLogger(__name__).info("listening on %s", " and ".join(urls))
