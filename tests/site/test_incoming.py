"""Requests that come in pieces are cut where gunicorn cuts them, and understood by it as what was sent."""

from itertools import pairwise
from typing import Any

import pytest
from gunicorn import http
from gunicorn.config import Config
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, NoMoreData, ParseException
from hypothesis import given
from hypothesis import strategies as st

from pasteur_site.web_server.request_buffer import Incoming

LIMIT = 1_000
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
EXTENSIONS = st.sampled_from([b"", b";a", b" ; a = b", b';a="q;\\"r"', b";a;b=c"])
TRAILERS = st.sampled_from([b"", b"X: y\r\n", b"X: y\r\nZ: \r\n"])
PIECES = st.lists(st.binary(min_size=1, max_size=300), max_size=6)


def chunked(pieces: list[bytes], extension: bytes = b"", trailers: bytes = b"") -> bytes:
    """Return a chunked body."""
    chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces)
    return chunks + b"0" + extension + b"\r\n" + trailers + b"\r\n"


def split(content: bytes, places: list[int]) -> list[bytes]:
    """Cut a content at places, given as any numbers."""
    ends = sorted({0, len(content), *(place % (len(content) + 1) for place in places)})
    return [content[one:other] for one, other in pairwise(ends)]


def take(pieces: list[bytes], limit: int = LIMIT) -> tuple[Incoming, bool]:
    """Give pieces to a request until it is whole, as the loop does."""
    incoming = Incoming(0.0, limit)
    while pieces:
        if incoming.take(pieces.pop(0)):
            return incoming, True
    return incoming, False


def read(content: bytes) -> tuple[Any, bytes]:
    """Return a request and its body as gunicorn reads it; it never finds that bytes are missing."""
    request = next(http.get_parser(Config(), [content], ("127.0.0.1", 1)))
    return request, request.body.read()


@given(
    pieces=PIECES,
    extension=EXTENSIONS,
    trailers=TRAILERS,
    behind=st.binary(max_size=50),
    places=st.lists(st.integers(0, 5_000), max_size=8),
)
def test_a_chunked_request_is_what_was_sent(
    pieces: list[bytes], extension: bytes, trailers: bytes, behind: bytes, places: list[int]
) -> None:
    content = CHUNKED + chunked(pieces, extension, trailers) + behind
    parts = split(content, places)

    incoming, is_whole = take(parts)
    request, body = read(incoming.cut_out())

    sent = b"".join(pieces)
    assert is_whole
    assert body == sent[: LIMIT + 1]
    assert incoming.is_unread == (len(sent) > LIMIT)
    if not incoming.is_unread:
        assert incoming.rest + b"".join(parts) == behind
        assert len(request.trailers) == trailers.count(b"\r\n")


@given(body=st.binary(max_size=200), behind=st.binary(max_size=50), places=st.lists(st.integers(0, 5_000), max_size=8))
def test_an_announced_request_is_what_was_sent(body: bytes, behind: bytes, places: list[int]) -> None:
    parts = split(b"PUT /a HTTP/1.1\r\ncontent-LENGTH:\t00%d \r\n\r\n" % len(body) + body + behind, places)

    incoming, is_whole = take(parts)

    assert is_whole
    assert read(incoming.cut_out())[1] == body
    assert incoming.rest + b"".join(parts) == behind


@given(
    body=st.lists(
        st.sampled_from(
            [b"\r\n", b"\r", b"\n", b"0", b"3", b"a", b"G", b";", b"=", b" ", b"abc", b'"', b"X:", b"1\r\nx\r\n"]
        ),
        max_size=14,
    ).map(b"".join),
    places=st.lists(st.integers(0, 5_000), max_size=4),
)
def test_no_chunks_are_taken_that_gunicorn_does_not_take(body: bytes, places: list[int]) -> None:
    incoming, is_whole = take(split(CHUNKED + body, places))

    try:
        alone: bytes | None = read(CHUNKED + body)[1]
    except (ParseException, NoMoreData):
        alone = None
    if is_whole:
        try:
            ours: bytes | None = read(incoming.cut_out())[1]
        except ParseException:
            ours = None
        assert ours == alone
    else:
        assert alone is None


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: x\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: nonsense\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: 5\xb2\r\n",
        b"Content-Length:\r\n",
        b"Expect: a miracle\r\n",
    ],
)
def test_what_gunicorn_refuses_is_not_waited_for(head: bytes) -> None:
    incoming, is_whole = take([b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n"])

    assert is_whole
    assert incoming.is_unread
    with pytest.raises(ParseException):
        read(incoming.cut_out())


def test_a_body_that_is_too_long_is_not_waited_for() -> None:
    for length in (LIMIT + 1, 10**30):
        incoming, is_whole = take([b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % length])
        assert (is_whole, incoming.is_unread) == (True, True)
    incoming, is_whole = take([b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % LIMIT])
    assert (is_whole, incoming.is_unread) == (False, False)


def test_a_head_is_no_longer_than_64_kb() -> None:
    with pytest.raises(LimitRequestLine):
        take([b"x" * 70_000])
    with pytest.raises(LimitRequestHeaders):
        take([b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 12_000])


def test_a_million_tiny_chunks_are_taken_in_a_few_seconds() -> None:
    body = b"1\r\nx\r\n" * 10_922
    incoming = Incoming(0.0, 10**7)
    incoming.take(CHUNKED)

    for _ in range(92):
        assert not incoming.take(body)

    assert incoming.held_bytes < 2 * 92 * 10_922
    assert incoming.take(b"0\r\n\r\n")


def test_a_body_has_the_longer_the_longer_it_is() -> None:
    ends = []
    for framing in (
        b"",
        b"Content-Length: 100000\r\n",
        b"Content-Length: 200000\r\n",
        b"Transfer-Encoding: chunked\r\n",
    ):
        incoming, _ = take([b"POST / HTTP/1.1\r\n" + framing + b"\r\n"], limit=300_000)
        ends.append(incoming.ends_at)

    assert ends == [10, 20, 30, 40]
