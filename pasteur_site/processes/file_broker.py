"""A Celery broker in a folder, for sites without Redis: kombu's `filesystem` transport without its race conditions.

kombu's transport writes messages directly to their final name, so a reader may see an incomplete message, and an empty
message terminates the worker (https://github.com/celery/kombu/issues/1551). Here, every message and binding is a file
that is renamed once it is complete, so no lock is needed.
"""

import logging
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem, virtual
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)

Binding = filesystem.exchange_queue_t


class Channel(filesystem.Channel):
    """Messages are files in one folder, with names in sending order. Bindings are files in one folder per exchange."""

    @property
    def control_folder(self) -> Path:
        """The folder for all files. It is created, accessible only to its owner, if it does not exist."""
        folder = Path(self.transport_options["folder"])
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @property
    def data_folder_in(self) -> str:
        """The folder where the base class counts and purges messages."""
        return str(self.control_folder)

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as in the base
        self._write(self.control_folder / f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg", payload)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for file in sorted(self.control_folder.iterdir()):
            if file.name.partition(".")[2] == f"{queue}.msg" and (message := self._take(file)):
                return message
        raise Empty

    def _take(self, file: Path) -> Any:
        """Return a message, or None if another reader was faster or the message is invalid."""
        taken = self.control_folder / f".taken-{uuid.uuid4()}"
        try:
            file.rename(taken)
            message = loads(bytes_to_str(taken.read_bytes()))
            if isinstance(message["headers"], dict) and "body" in message and message["properties"]["delivery_tag"]:
                return message
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            pass
        finally:
            taken.unlink(missing_ok=True)
        logger.warning("dropped the unreadable message %s", file.name)
        return None

    def _lookup(self, exchange: str, routing_key: str, default: str | None = None) -> list[str]:
        # Celery's own queue has the same name as its exchange, so it is found even if its binding was deleted.
        queues = list(super()._lookup(exchange, routing_key, default))
        return queues or [routing_key] * (exchange == routing_key)

    def get_table(self, exchange: str) -> list[Binding]:  # type: ignore[override]  # as in the base
        """Return the bindings of an exchange."""
        bindings = []
        for file in self._bindings_folder(exchange).glob("*.binding"):
            try:
                bindings.append(Binding(*loads(bytes_to_str(file.read_bytes()))))
            except FileNotFoundError:
                continue  # It has just been deleted.
            except (ValueError, TypeError) as error:
                logger.warning("ignored the unreadable binding %s of exchange %s: %s", file.name, exchange, error)
        return bindings

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        binding = Binding(routing_key or "", pattern or "", queue or "")
        self._write(self._bindings_folder(exchange) / f"{queue}.binding", binding)

    def _delete(self, queue: str, exchange: str, *args: Any, **kwargs: Any) -> None:
        virtual.Channel._delete(self, queue, exchange, *args, **kwargs)  # noqa: SLF001  (the base of the base)
        (self._bindings_folder(exchange) / f"{queue}.binding").unlink(missing_ok=True)

    def _bindings_folder(self, exchange: str) -> Path:
        file: Path = self._exchange_file(exchange)  # type: ignore[attr-defined]  # newer than the stubs
        return file.with_suffix(".bindings")

    def _write(self, file: Path, content: Any) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.control_folder / f".draft-{uuid.uuid4()}"
        draft.write_bytes(str_to_bytes(dumps(content)))
        draft.rename(file)


class Transport(filesystem.Transport):
    """The transport for `folder://`. Polling ten times per second is cheap and delays messages by 50 ms."""

    Channel = Channel
    polling_interval = 0.1
