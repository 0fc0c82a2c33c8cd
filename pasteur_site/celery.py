"""The Celery application used by the worker."""

import io
import logging.config
import sys
import warnings
from typing import Any

from pasteur_site.startup import EX_CONFIG, load_settings

load_settings()

import celery  # noqa: E402  (settings come first)
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]  # noqa: E402  (newer than the stubs)
from celery.signals import celeryd_init, setup_logging, task_prerun, worker_ready  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import set_script_prefix  # noqa: E402
from kombu.transport import TRANSPORT_ALIASES  # noqa: E402

from pasteur_site.processes import output  # noqa: E402

# Celery warns about pickled messages when run as root. There are none here, and a container has no other user.
warnings.filterwarnings("ignore", category=SecurityWarning)
TRANSPORT_ALIASES["folder"] = "pasteur_site.processes.file_broker:Transport"

app = celery.Celery("pasteur")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def configure_logging(**kwargs: Any) -> None:
    """Use the site's logging instead of Celery's."""
    output.never_wait()
    logging.config.dictConfig(settings.LOGGING)


@task_prerun.connect
def set_path(**kwargs: Any) -> None:
    """Set the path of PASTEUR_URL for `reverse` in the thread of a task, because Django stores it per thread."""
    set_script_prefix(settings.FORCE_SCRIPT_NAME)


@worker_ready.connect
def report_start(**kwargs: Any) -> None:
    """Log that the worker is waiting for work, just as the web server logs its address."""
    logging.getLogger(__name__).info("the worker is listening for changes")


@celeryd_init.connect
def check_settings(**kwargs: Any) -> None:
    """Refuse to start a worker if the mirror's settings are wrong, reporting all errors at once."""
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError

    output.never_wait()
    try:
        call_command("check", databases=["default"], stdout=io.StringIO())
    except SystemCheckError as error:
        print(f"The worker cannot start:\n{error}", file=sys.stderr)
        sys.exit(EX_CONFIG)
