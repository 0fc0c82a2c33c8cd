"""gunicorn, as `manage.py run` and the containers start it."""

import gc

from pasteur_site.startup import load_settings

load_settings()

from django.conf import settings  # noqa: E402  (settings come first)

bind = f"[{settings.HOST}]:{settings.PORT}" if ":" in settings.HOST else f"{settings.HOST}:{settings.PORT}"
# Threads that get whole requests only: browsers open connections before they need them, and some clients are slow.
worker_class = "pasteur_site.web_server.buffered_worker.PatientWorker"
workers = settings.PASTEUR_WEB_PROCESSES
threads = settings.PASTEUR_WEB_THREADS
# Systems let a process open 1,024 files by default, and databases and logs need some of them.
worker_connections = 900
# Loaded once, before the processes are forked: they start at once, and share most of their memory.
preload_app = True
keepalive = 5
timeout = 30
graceful_timeout = 5
# Replaced now and then, so that no leak of a library lives for ever.
max_requests = 100_000
max_requests_jitter = 10_000
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = "warning"


def when_ready(server: object) -> None:
    """Leave what is loaded out of garbage collection: looking at all of it takes an answer an eighth of a second."""
    gc.freeze()
