"""`/readyz`: whether this web process can serve visitors, which requires the database but not Git."""

import logging
import tempfile
import threading
from pathlib import Path
from time import monotonic

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from gitsync.monitoring import mirror_status, signs, views
from pastes.access import client_address, secret_keys
from pastes.storage import database_errors
from pasteur_site.certificates import status as certificate_status
from pasteur_site.processes import program_states

logger = logging.getLogger(__name__)

#: How long the result of a trial write is valid.
WRITE_CHECK_SECONDS = 3.0
#: A request with one of these headers came through a proxy, and a proxy on this machine is not an operator.
_PROXY_HEADERS = ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Host", "X-Forwarded-Proto", "Via")


class WriteCheck:
    """Check from time to time whether the database can store anything: with a full disk, it still responds to reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._checked_at = -WRITE_CHECK_SECONDS
        self._error = ""

    def error(self) -> str:
        """Return why the database cannot store anything, or an empty string if it can."""
        if self._lock.acquire(blocking=False):
            try:
                if monotonic() - self._checked_at >= WRITE_CHECK_SECONDS:
                    self._error = self._try()
                    self._checked_at = monotonic()
            finally:
                self._lock.release()
        return self._error

    def _try(self) -> str:
        try:
            _try_write()
        except (DatabaseError, OSError) as error:
            summary = " ".join(str(error).split())[:300] or type(error).__name__
            if not self._error:
                logger.error("the database cannot store anything: %s", summary)
            return summary
        if self._error:
            logger.info("the database can store data again")
        return ""


_write_check = WriteCheck()
#: Once the tables match this process's code, and SECRET_KEY matches the database, that does not change again.
_tables = {"match": False}
_secret_key = {"matches": False}


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Return a 200 response if this process can serve visitors, or 503 otherwise. Only operators see the reasons."""
    try:
        ready, details = _examine()
    except DatabaseError as error:
        if not database_errors.is_temporary(error):
            raise
        logger.exception("not ready")
        ready, details = False, {"database": False}
    answer = {"ready": ready} | (details if _is_operator(request) else {})
    response = JsonResponse(answer, status=200 if ready else 503, headers={"Cache-Control": "no-store"})
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  (a monitor would fill the log)
    return response


def failing_programs() -> dict[str, str]:
    """Return the programs that keep exiting or show no sign of life, with a description.

    The supervisor of `manage.py run` records why a program exited. In containers, there are only the signs of life in
    the database.
    """
    return signs.failing() | program_states.read(settings.DATA_DIR / program_states.FILE_NAME)


def _examine() -> tuple[bool, dict[str, object]]:
    """Return whether the tables, the database and the mirror are in order, and the details."""
    details: dict[str, object] = {"database": True, "migrations": _do_tables_match()}
    ready = bool(details["migrations"])
    if ready:
        seconds = mirror_status.oldest_seconds()
        mirror = mirror_status.current()
        write_error = _write_check.error()
        has_our_key = _has_our_secret_key()
        ready = (
            has_our_key
            and not write_error
            and (settings.PASTEUR_READY_SECONDS is None or seconds <= settings.PASTEUR_READY_SECONDS)
        )
        details |= {
            "secret_key": has_our_key,
            "write_error": write_error,
            "oldest_pending_seconds": round(seconds, 1),
            "mirror_error": mirror_status.error_code(mirror) if mirror else "",
            "failing_programs": failing_programs(),
        }
        if certificate := certificate_status.current():
            details["certificate"] = certificate.details()
    return ready, details


def _is_operator(request: HttpRequest) -> bool:
    """Return whether the caller has the metrics token, or is on this machine without a proxy in between."""
    if views.has_token(request):
        return True
    is_direct = not any(name in request.headers for name in _PROXY_HEADERS)
    address = client_address.find(request)
    return is_direct and address is not None and address.is_loopback


def _do_tables_match() -> bool:
    if not _tables["match"]:
        executor = MigrationExecutor(connection)
        _tables["match"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _tables["match"]


def _has_our_secret_key() -> bool:
    if not _secret_key["matches"]:
        problem = secret_keys.mismatch()
        if problem:
            logger.error("not ready: %s", problem)
        _secret_key["matches"] = not problem
    return _secret_key["matches"]


def _try_write() -> None:
    """Write as much as a new paste would, and leave nothing behind. Raise DatabaseError or OSError."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET name = name WHERE id = (SELECT MIN(id) FROM django_migrations)")
        if connection.vendor == "postgresql":
            # The row fits into its page. A full disk is only noticed when a file has to grow.
            table = f"pasteur_write_check_{threading.get_native_id()}_{id(connection):x}"
            cursor.execute("SELECT has_schema_privilege(current_schema(), 'CREATE')")
            if cursor.fetchone()[0]:
                cursor.execute(f"CREATE TABLE {table} (id integer)")
                cursor.execute(f"INSERT INTO {table} VALUES (1)")  # noqa: S608  (a name made of numbers)
            transaction.set_rollback(True)
    if connection.vendor == "sqlite" and not connection.is_in_memory_db():  # type: ignore[attr-defined]
        # The write-ahead log has room as well, since it is reused from the start.
        with tempfile.TemporaryFile(dir=Path(connection.settings_dict["NAME"]).parent) as file:
            file.write(bytes(settings.PASTEUR_MAX_BYTES))
