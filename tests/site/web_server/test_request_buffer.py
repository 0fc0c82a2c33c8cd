"""Requests that arrive in pieces end at the same place as in gunicorn and have the body that was sent."""

from itertools import pairwise

import pytest
from gunicorn import http
from gunicorn.asgi.parser import ParseError
from gunicorn.config import Config
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, NoMoreData, ParseException
from hypothesis import given
from hypothesis import strategies as st

from pasteur_site.web_server.request_buffer import RequestBuffer

LIMIT = 1_000
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
EXTENSIONS = st.sampled_from([b"", b";a", b" ; a = b", b';a="q;\\"r"', b";a;b=c"])
TRAILERS = st.sampled_from([b"", b"X: y\r\n", b"X: y\r\nZ: \r\n"])
PIECES = st.lists(st.binary(min_size=1, max_size=300), max_size=6)


def chunked(pieces: list[bytes], extension: bytes = b"", trailers: bytes = b"") -> bytes:
    """Return a chunked body."""
    chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces)
    return chunks + b"0" + extension + b"\r\n" + trailers + b"\r\n"


def split(content: bytes, positions: list[int]) -> list[bytes]:
    """Split content at these positions, which may be any numbers."""
    ends = sorted({0, len(content), *(place % (len(content) + 1) for place in positions)})
    return [content[start:end] for start, end in pairwise(ends)]


def feed(pieces: list[bytes], limit: int = LIMIT) -> tuple[RequestBuffer, bool]:
    """Feed pieces to a new buffer until its request is complete, like the event loop."""
    buffer = RequestBuffer(Config(), ("127.0.0.1", 1), 0.0, limit)
    while pieces:
        if buffer.feed(pieces.pop(0)):
            return buffer, True
    return buffer, False


def read(content: bytes) -> bytes:
    """Return the body of a request as read by gunicorn's blocking parser."""
    request = next(http.get_parser(Config(), [content], ("127.0.0.1", 1)))
    return bytes(request.body.read())


def finish(buffer: RequestBuffer) -> tuple[bytes, bytes]:
    """Return the body of a complete request, and the bytes that follow it."""
    rest = buffer.finish()
    return buffer.request.body.read(), rest


@given(
    pieces=PIECES,
    extension=EXTENSIONS,
    trailers=TRAILERS,
    behind=st.binary(max_size=50),
    positions=st.lists(st.integers(0, 5_000), max_size=8),
)
def test_a_chunked_request_has_the_body_that_was_sent(
    pieces: list[bytes], extension: bytes, trailers: bytes, behind: bytes, positions: list[int]
) -> None:
    content = CHUNKED + chunked(pieces, extension, trailers) + behind
    parts = split(content, positions)

    buffer, is_complete = feed(parts)
    body, rest = finish(buffer)

    sent = b"".join(pieces)
    assert is_complete
    assert body == sent[: LIMIT + 1]
    assert buffer.is_truncated == (len(sent) > LIMIT)
    if not buffer.is_truncated:
        assert rest + b"".join(parts) == behind


@given(
    body=st.binary(max_size=200), behind=st.binary(max_size=50), positions=st.lists(st.integers(0, 5_000), max_size=8)
)
def test_a_request_with_a_length_has_the_body_that_was_sent(body: bytes, behind: bytes, positions: list[int]) -> None:
    parts = split(
        b"PUT /a HTTP/1.1\r\nHost: x\r\ncontent-LENGTH:\t00%d \r\n\r\n" % len(body) + body + behind, positions
    )

    buffer, is_complete = feed(parts)

    assert is_complete
    received, rest = finish(buffer)
    assert received == body
    assert rest + b"".join(parts) == behind


@given(
    body=st.lists(
        st.sampled_from(
            [b"\r\n", b"\r", b"\n", b"0", b"3", b"a", b"G", b";", b"=", b" ", b"abc", b'"', b"X:", b"1\r\nx\r\n"]
        ),
        max_size=14,
    ).map(b"".join),
    positions=st.lists(st.integers(0, 5_000), max_size=4),
)
def test_a_chunked_body_is_decoded_like_in_the_blocking_parser(body: bytes, positions: list[int]) -> None:
    try:
        expected: bytes | None = read(CHUNKED + body)
    except (ParseException, NoMoreData):
        expected = None
    try:
        buffer, is_complete = feed(split(CHUNKED + body, positions))
    except ParseError:
        is_complete, received = False, None
    else:
        received = finish(buffer)[0] if is_complete else None

    assert received == expected


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: x\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: nonsense\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: identity, chunked\r\n",
        b"Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding:\r\n",
        b"Host: x\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: 5\xb2\r\n",
        b"Content-Length:\r\n",
        b"Expect: a miracle\r\n",
    ],
)
def test_a_request_that_gunicorn_refuses_is_refused_at_the_end_of_its_head(head: bytes) -> None:
    with pytest.raises(ParseException):
        feed([b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n"])


def test_a_body_over_the_limit_is_refused_without_waiting_for_it() -> None:
    for length in (LIMIT + 1, 10**30):
        buffer, is_complete = feed([b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % length])
        assert (is_complete, buffer.is_truncated) == (True, True)
    buffer, is_complete = feed([b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % LIMIT])
    assert (is_complete, buffer.is_truncated) == (False, False)


def test_a_head_is_limited_to_64_kb() -> None:
    with pytest.raises(LimitRequestLine):
        feed([b"x" * 70_000])
    with pytest.raises(LimitRequestHeaders):
        feed([b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 12_000])


def test_a_million_tiny_chunks_are_decoded_in_a_few_seconds() -> None:
    body = b"1\r\nx\r\n" * 10_922
    buffer, _ = feed([CHUNKED], limit=10**7)

    for _ in range(92):
        assert not buffer.feed(body)

    assert buffer.held_bytes < 2 * 92 * 10_922
    assert buffer.feed(b"0\r\n\r\n")


def test_the_deadline_of_a_body_grows_with_its_length() -> None:
    deadlines = []
    for framing in (
        b"",
        b"Content-Length: 100000\r\n",
        b"Content-Length: 200000\r\n",
        b"Transfer-Encoding: chunked\r\n",
    ):
        buffer, _ = feed([b"POST / HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n"], limit=300_000)
        deadlines.append(buffer.deadline)

    assert deadlines == [10, 20, 30, 40]


@pytest.mark.parametrize("framing", [b"Content-Length: 300000\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_that_stalls_times_out_after_30_seconds_whatever_its_length(framing: bytes) -> None:
    buffer, _ = feed([b"POST / HTTP/1.1\r\nHost: x\r\n"], limit=300_000)
    assert buffer.next_deadline(5) == 10

    assert not buffer.feed(framing + b"\r\n")

    assert buffer.next_deadline(5) == 35
    assert buffer.next_deadline(20) == 40  # The whole body is due by then.


@pytest.mark.parametrize(
    ("head", "is_valid"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nX-Host: x\r\n\r\n", False),
        (b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nHost: x\r\nhost: y\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nhOST: x\r\n\r\n", True),
    ],
)
def test_an_http_1_1_request_has_exactly_one_host(head: bytes, is_valid: bool) -> None:
    if is_valid:
        assert feed([head])[1]
    else:
        with pytest.raises(ParseException):
            feed([head])
