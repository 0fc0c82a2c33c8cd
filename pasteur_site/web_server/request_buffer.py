"""A request as it comes in, piece by piece: how far it goes, and when it is whole. It knows no sockets and no threads.

What is refused anyway is whole early: gunicorn, which reads it again, knows how to say why.
"""

from __future__ import annotations

import re

from gunicorn.http.body import CHUNK_EXT_RE
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine

#: Seconds in which a head has to be there; and the least bytes a second at which the body has to follow.
HEAD_SECONDS = 10.0
BYTES_A_SECOND = 10_000
_HEAD_BYTES = 64 * 1024
_CHUNK_LINE_BYTES = 8_190
_END = b"\r\n\r\n"
# For heads in lower case.
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)[ \t]*\r\n")
_CODING = re.compile(rb"\r\ntransfer-encoding:([^\r\n]*)")
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*([^\r\n]*?)[ \t]*\r\n")
_ABOUT_BODIES = (b"\r\ncontent-length:", b"\r\ntransfer-encoding:", b"\r\nexpect:")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]+)(?:[ \t]*(;[^\r]*))?", re.DOTALL)


class Incoming:
    """What a connection has sent of its next request, and until when the rest of it has to be there."""

    def __init__(self, now: float, body_limit: int) -> None:
        self.ends_at = now + HEAD_SECONDS
        self.asks_first = False
        #: Whether some of its body is left on the wire, so that nothing behind it can be understood.
        self.is_unread = False
        self.rest = b""
        self._limit = body_limit
        self._content = bytearray()
        self._head_bytes = 0
        self._whole_bytes = 0
        self._chunks: _Chunks | None = None

    def take(self, piece: bytes) -> bool:
        """Add a piece; returns whether the request is whole. Raises LimitRequestLine and LimitRequestHeaders."""
        if self._chunks:
            return self._chunks.take(piece)
        searched = max(0, len(self._content) - len(_END) + 1)
        self._content += piece
        if self._head_bytes:
            return len(self._content) >= self._whole_bytes
        end = self._content.find(_END, searched)
        if end < 0:
            self._check_head()
            return False
        self._head_bytes = end + len(_END)
        return self._begin_body()

    @property
    def has_head(self) -> bool:
        """Whether the head is whole."""
        return bool(self._head_bytes)

    @property
    def held_bytes(self) -> int:
        """How much memory it takes."""
        return len(self._content) + (self._chunks.held_bytes if self._chunks else 0)

    @property
    def start(self) -> bytes:
        """Its first line, as far as it has come and anybody needs it."""
        return bytes(self._content[:200]).lstrip(b"\r\n").partition(b"\r\n")[0]

    def cut_out(self) -> bytes:
        """Return the request alone, once it is whole, the body in one chunk when it came in any number of them.

        What came behind it, the next one's beginning, is `rest` from then on.
        """
        if self._chunks:
            whole, self.rest = bytes(self._content) + self._chunks.joined, self._chunks.rest
            self.is_unread = not self._chunks.ended
        else:
            content = memoryview(self._content)
            whole, self.rest = bytes(content[: self._whole_bytes]), bytes(content[self._whole_bytes :])
        self._content, self._chunks = bytearray(), None
        return whole

    def _check_head(self) -> None:
        if len(self._content) <= _HEAD_BYTES:
            return
        if b"\r\n" not in self._content:
            raise LimitRequestLine(len(self._content), _HEAD_BYTES)
        raise LimitRequestHeaders("max buffer headers")

    def _begin_body(self) -> bool:
        """See from the head how the body is framed; returns whether there is none to wait for."""
        self._whole_bytes = self._head_bytes
        head = bytes(memoryview(self._content)[: self._head_bytes]).lower()
        if not any(name in head for name in _ABOUT_BODIES):
            return True
        expects = _EXPECTS.search(head)
        codings, length = _CODING.findall(head), _LENGTH.search(head)
        says_length = _ABOUT_BODIES[0] in head
        is_modern = not head.lstrip(b"\r\n").partition(b"\r\n")[0].endswith(b" http/1.0")
        if expects and expects[1] != b"100-continue":
            return self._cut()
        if codings:
            is_chunked = any(b"chunked" in coding for coding in codings)
            is_plain = is_modern and is_chunked and not says_length
            return self._begin_chunks(asks=bool(expects)) if is_plain else self._cut()
        if length is None:
            return self._cut() if says_length else True
        digits = length[1].lstrip(b"0") or b"0"
        if len(digits) > len(str(self._limit)) or int(digits) > self._limit:
            return self._cut()
        announced = int(digits)
        self._whole_bytes += announced
        self.ends_at += announced / BYTES_A_SECOND
        is_whole = len(self._content) >= self._whole_bytes
        self.asks_first = bool(expects) and is_modern and not is_whole
        return is_whole

    def _begin_chunks(self, *, asks: bool) -> bool:
        """Take what is there of a chunked body; it may be as long as any, and so may the time that it takes."""
        self.ends_at += self._limit / BYTES_A_SECOND
        self._chunks = _Chunks(self._limit)
        body = bytes(memoryview(self._content)[self._head_bytes :])
        del self._content[self._head_bytes :]
        is_whole = self._chunks.take(body)
        self.asks_first = asks and not is_whole
        return is_whole

    def _cut(self) -> bool:
        self.is_unread = True
        return True


class _Chunks:
    """A chunked body, decoded as it comes (RFC 9112, 7.1), up to one byte past a limit."""

    def __init__(self, limit: int) -> None:
        self.ended = False
        self._limit = limit
        self._body = bytearray()
        self._raw = bytearray()
        self._left = 0
        self._is_chunk_open = self._is_wrong = self._in_trailers = False
        self._trailers = b""

    def take(self, piece: bytes) -> bool:
        """Add a piece; returns whether a thread can have the body: it has ended, is too long, or is no such body."""
        self._raw += piece
        at = 0
        while not (self.ended or self._is_wrong or self.is_too_long):
            taken = self._step(at)
            if not taken:
                break
            at += taken
        del self._raw[:at]
        return self.ended or self._is_wrong or self.is_too_long

    @property
    def is_too_long(self) -> bool:
        """Whether the body is longer than allowed."""
        return len(self._body) > self._limit

    @property
    def held_bytes(self) -> int:
        """How much memory it takes."""
        return len(self._body) + len(self._raw)

    @property
    def rest(self) -> bytes:
        """What came behind the body."""
        return bytes(self._raw)

    @property
    def joined(self) -> bytes:
        """The body as one chunk; what is wrong in a way that gunicorn refuses too."""
        if self._is_wrong:
            return b"malformed\r\n"
        chunk = b"%x\r\n%b\r\n" % (len(self._body), bytes(self._body)) if self._body else b""
        return chunk + b"0\r\n" + self._trailers + b"\r\n"

    def _step(self, at: int) -> int:
        """Understand what stands next in what has come; returns how many bytes that was, 0 when more has to come."""
        if self._left:
            return self._take_data(at)
        if self._is_chunk_open:
            return self._take_end(at)
        return self._take_trailers(at) if self._in_trailers else self._take_size(at)

    def _take_data(self, at: int) -> int:
        data = memoryview(self._raw)[at : at + self._left]
        self._body += data[: self._limit + 1 - len(self._body)]
        taken = len(data)
        data.release()
        self._left -= taken
        return taken

    def _take_end(self, at: int) -> int:
        end = self._raw[at : at + 2]
        if not b"\r\n".startswith(end):
            self._is_wrong = True
        if len(end) < 2 or self._is_wrong:
            return 0
        self._is_chunk_open = False
        return 2

    def _take_size(self, at: int) -> int:
        end = self._raw.find(b"\r\n", at, at + _CHUNK_LINE_BYTES)
        if end < 0:
            self._is_wrong = len(self._raw) - at >= _CHUNK_LINE_BYTES
            return 0
        line = _CHUNK_SIZE.fullmatch(self._raw, at, end)
        if line is None or (line[2] and not CHUNK_EXT_RE.fullmatch(line[2])):
            self._is_wrong = True
            return 0
        self._left = int(line[1], 16)
        self._is_chunk_open = self._left > 0
        self._in_trailers = not self._is_chunk_open
        return end + 2 - at

    def _take_trailers(self, at: int) -> int:
        if self._raw.startswith(b"\r\n", at):
            self.ended = True
            return 2
        end = self._raw.find(_END, at)
        if end < 0:
            self._is_wrong = len(self._raw) - at > _HEAD_BYTES
            return 0
        self._trailers = bytes(self._raw[at : end + 2])
        self.ended = True
        return end + len(_END) - at
