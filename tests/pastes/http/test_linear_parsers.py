"""Every parser for visitors' input takes time proportional to the input's length."""

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from time import process_time
from urllib.parse import quote

import pytest
from django.test import RequestFactory

from pastes.diff import side_by_side, unified
from pastes.errors import RefusedError
from pastes.http import header_parameters, paste_options, request_body, request_forms
from pastes.lifecycle import draft
from pastes.lifecycle.draft import NewFile
from pastes.models import File
from pastes.rules import ciphertext, languages
from pastes.search import index
from tests.pastes.ciphertexts import sealed

#: With quadratic time, doubling the size would multiply the time by four; anything less is linear, allowing for noise.
RATIO = 3.2
#: Durations below this are too short to be measured.
NOISE = 0.05


def multipart(part: bytes, count: int = 1) -> Callable[[], object]:
    body = part * count + b"--x--\r\n"
    request = RequestFactory().post("/", body, content_type="multipart/form-data; boundary=x")
    return lambda: request_forms.multipart(request)


def part(headers: str, content: str = "text") -> bytes:
    return f"--x\r\n{headers}\r\n\r\n{content}\r\n".encode()


def body_of(text: str, content_type: str = "application/json") -> Callable[[], object]:
    request = RequestFactory().post("/", text.encode(), content_type=content_type)
    parse = request_body.json_object if content_type == "application/json" else request_forms.urlencoded
    return lambda: parse(request)


def compared(old: str, new: str) -> Callable[[], object]:
    files = [[File(position=0, name="a", language="plaintext", content=text, oid=text[:1])] for text in (old, new)]
    return lambda: (unified.compare(*files), side_by_side.compare(*files))


DISPOSITION = 'Content-Disposition: form-data; name="file"'
PARSERS: dict[str, Callable[[int], Callable[[], object]]] = {
    "multipart, one header": lambda size: multipart(part(DISPOSITION + "; a=b" * (size // 5))),
    "multipart, semicolons": lambda size: multipart(part(DISPOSITION + '; filename="a"' + ";" * size)),
    "multipart, RFC 2231": lambda size: multipart(part(DISPOSITION + "".join(f"; n*{i}=b" for i in range(size // 8)))),
    "multipart, many headers": lambda size: multipart(part(DISPOSITION + "\r\nX: y" * (size // 6))),
    "multipart, many parts": lambda size: multipart(part(DISPOSITION), size // 60),
    "multipart, replacement characters": lambda size: multipart(
        b"".join(part(f'Content-Disposition: form-data; name="{i}"', "\ufffd" * 300) for i in range(size // 1_000))
    ),
    "json, keys": lambda size: body_of("{" + ",".join(f'"{i}":1' for i in range(size // 9)) + "}"),
    "json, nesting": lambda size: body_of("[" * size),
    "json, number": lambda size: body_of('{"a":' + "9" * size + "}"),
    "json, escapes": lambda size: body_of('{"a":"' + "\\\\u0041" * (size // 7) + '"}'),
    "form": lambda size: body_of("&" * size, request_forms.URLENCODED),
    "form, escapes": lambda size: body_of("a=" + "%41" * (size // 3), request_forms.URLENCODED),
    "query": lambda size: lambda: paste_options.read(RequestFactory().get("/?" + "a=b&" * (min(size, 8_000) // 4))),
    "header": lambda size: lambda: header_parameters.parse("text/plain" + ";a=b" * (min(size, 8_000) // 4)),
    "search": lambda size: lambda: index.search("a" * size),
    "index, words": lambda size: lambda: index.entry("", "", [], ["".join(f"w{i} " for i in range(size // 7))]),
    "index, accents": lambda size: lambda: index.words("a" + "\u0301\u0327" * (size // 2)),
    "index, composed accents": lambda size: lambda: index.words("\u0f73" * size),
    "index, ligatures": lambda size: lambda: index.words("\ufdfa" * size),
    "ciphertext": lambda size: lambda: ciphertext.check(sealed(ct="A" * size)),
    "ciphertext, hexadecimal": lambda size: lambda: ciphertext.check("ab" * (size // 2) + "x"),
    "name": lambda size: lambda: draft.clean_name("/" * size),
    "names": lambda size: lambda: draft.validate_files([NewFile("a", "")] * min(size, 50)),
    "language": lambda size: lambda: languages.named(" " * size + "x"),
    "language of a file": lambda size: lambda: languages.of_file("a." * (size // 2)),
    "diff, lines": lambda size: compared("a\n" * (size // 2), "b\na\n" * (size // 4)),
    "diff, different lines": lambda size: compared(
        "".join(f"{i}\n" for i in range(size // 6)), "".join(f"{i}\n" for i in range(size // 6, 0, -1))
    ),
    "diff, one line": lambda size: compared("a" * size, "b" * size),
    "percent escapes": lambda size: lambda: quote("\ufffd" * (size // 9)),
}


def seconds(run: Callable[[], object]) -> float:
    began = process_time()
    with suppress(RefusedError, ValueError):
        run()
    return process_time() - began


@pytest.mark.parametrize("name", PARSERS)
def test_twice_the_input_takes_about_twice_the_time(name: str) -> None:
    ratios = []
    for _ in range(3):  # The machine may be busy: one good measurement is sufficient.
        short, long = (seconds(PARSERS[name](size)) for size in (240_000, 480_000))
        assert long < 5
        ratios.append(long / max(short, NOISE))
        if ratios[-1] < RATIO:
            return
    pytest.fail(f"twice the input took {ratios} times as long")


def test_the_index_contains_the_words_that_normalization_produces() -> None:
    for text in ("Ångström", "ﬁancé", "\ufdfc12", "한국어", "\u0344x", "ｱｲｳ", "İstanbul"):
        normal = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
        assert index.words(text) == [word[:40] for word in index._WORD.findall(normal.casefold())]
