"""Builds multipart bodies byte for byte, including malformed ones."""

from collections.abc import Sequence
from dataclasses import dataclass

BOUNDARY = "a-boundary-of-ours"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True)
class Part:
    """A part of a form. `file_name` is None for a plain field; browsers send an empty one for an empty file field."""

    name: str
    content: bytes
    file_name: str | None = None
    headers: Sequence[str] = ()


def body(*parts: Part) -> bytes:
    """Return the parts as a body with the content type CONTENT_TYPE."""
    content = b""
    for part in parts:
        disposition = f'Content-Disposition: form-data; name="{part.name}"'
        if part.file_name is not None:
            disposition += f'; filename="{part.file_name}"'
        head = "\r\n".join([f"--{BOUNDARY}", disposition, *part.headers, "", ""])
        content += head.encode() + part.content + b"\r\n"
    return content + f"--{BOUNDARY}--\r\n".encode()
