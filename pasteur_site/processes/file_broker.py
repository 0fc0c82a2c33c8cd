"""A Celery broker made of files, for a site without Redis: kombu's `filesystem` transport without its races.

kombu's own transport writes a message under its final name, so that a reader may take half of it; an empty one ends
the worker (https://github.com/celery/kombu/issues/1551). Here a message and a table appear whole, by renaming.
"""

import contextlib
import fcntl
import logging
import time
import uuid
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from queue import Empty
from typing import Any, cast

from kombu.transport import filesystem, virtual
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)

Row = filesystem.exchange_queue_t


class Channel(filesystem.Channel):
    """Messages are files in one folder, named so that their order is the order in which they were sent."""

    @cached_property
    def folder(self) -> Path:
        """The folder of the messages; it is made, for its owner only, when it is missing."""
        folder = Path(self.transport_options["folder"])
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @property
    def data_folder_in(self) -> str:
        """Where the base class counts and purges messages."""
        return str(self.folder)

    @property
    def control_folder(self) -> Path:
        """Where the tables of exchanges lie, beside the messages."""
        return self.folder

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as the base has it
        self._write(self.folder / f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg", payload)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        ending = f".{queue}.msg"
        for name in sorted(file.name for file in self.folder.iterdir()):
            if not name.startswith(".") and name[name.find(".") :] == ending:
                message = self._take(name)
                if message is not None:
                    return message
        raise Empty

    def _take(self, name: str) -> Any:
        """Return the message of this name, or None when another reader was first or it cannot be read."""
        taken = self.folder / f".taken-{uuid.uuid4()}"
        try:
            (self.folder / name).rename(taken)
        except FileNotFoundError:
            return None
        try:
            return _message(loads(bytes_to_str(taken.read_bytes())))
        except (OSError, ValueError, RecursionError) as error:
            logger.warning("dropped the unreadable message %s: %s", name, error)
            return None
        finally:
            taken.unlink(missing_ok=True)

    def _file_of(self, exchange: str) -> Path:
        return cast("Path", self._exchange_file(exchange))  # type: ignore[attr-defined]  # newer than the stubs

    def get_table(self, exchange: str) -> list[Row]:  # type: ignore[override]  # as the base has it
        """Return the queues bound to an exchange."""
        rows = self._table(exchange)
        return self._bound_here(exchange) if rows is None else rows

    def _table(self, exchange: str) -> list[Row] | None:
        """Return what the file of an exchange says, None when there is none that can be read."""
        try:
            return [Row(*row) for row in loads(bytes_to_str(self._file_of(exchange).read_bytes()))]
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            logger.warning("forgot the unreadable table of exchange %s: %s", exchange, error)
            return None

    def _bound_here(self, exchange: str) -> list[Row]:
        """Return what this process has bound to an exchange: the file may have been deleted under it."""
        bindings: Any = self.state.bindings
        prepare: Any = self.typeof(exchange).prepare_bind
        mine = [(queue, key, arguments) for (queue, name, key), arguments in bindings.items() if name == exchange]
        return [Row(*(part or "" for part in prepare(queue, exchange, key, made))) for queue, key, made in mine]

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        row = Row(routing_key or "", pattern or "", queue or "")
        with self._tables():
            rows = self._table(exchange) or []
            if row not in rows:
                self._write(self._file_of(exchange), [row, *rows])

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **kwargs: Any) -> None:
        virtual.Channel._delete(self, queue, exchange, routing_key, pattern, *args, **kwargs)  # noqa: SLF001  (a base)
        row = Row(routing_key or "", pattern or "", queue or "")
        with self._tables():
            rows = self._table(exchange) or []
            if row in rows:
                self._write(self._file_of(exchange), [kept for kept in rows if kept != row])

    def _write(self, file: Path, content: Any) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.folder / f".draft-{uuid.uuid4()}"
        draft.write_bytes(str_to_bytes(dumps(content)))
        draft.rename(file)

    @contextlib.contextmanager
    def _tables(self) -> Iterator[None]:
        with (self.folder / ".tables.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _message(content: Any) -> Any:
    """Return what was read if it has what kombu takes for granted in a message; raise ValueError otherwise."""
    is_message = isinstance(content, dict) and isinstance(content.get("headers"), dict) and "body" in content
    if not is_message or "delivery_tag" not in (content.get("properties") or ()):
        raise ValueError("it is no message")
    return content


class Transport(filesystem.Transport):
    """The transport behind `folder://`. Ten looks a second cost next to nothing and bring a message in 50 ms."""

    Channel = Channel
    polling_interval = 0.1
