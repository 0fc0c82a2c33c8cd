"""Builds multipart bodies byte for byte, also those that no well-behaved client would send."""

from collections.abc import Sequence
from dataclasses import dataclass

BOUNDARY = "a-boundary-of-ours"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True)
class Part:
    """One part. `file_name` None is a field; the empty string is what a browser sends for no file at all."""

    name: str
    content: bytes
    file_name: str | None = None
    headers: Sequence[str] = ()


def body(*parts: Part) -> bytes:
    """Return the parts as one body, to be sent as CONTENT_TYPE."""
    sent = b""
    for part in parts:
        disposition = f'Content-Disposition: form-data; name="{part.name}"'
        if part.file_name is not None:
            disposition += f'; filename="{part.file_name}"'
        head = "\r\n".join([f"--{BOUNDARY}", disposition, *part.headers, "", ""])
        sent += head.encode() + part.content + b"\r\n"
    return sent + f"--{BOUNDARY}--\r\n".encode()
