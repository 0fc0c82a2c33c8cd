"""Visitors who paste, edit and remove 20 times a second, some with hostile input; and what they were promised."""

from __future__ import annotations

import json
import random
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import urllib3

#: Pastes a second.
RATE = 20.0
_THREADS = 10
_LINES = (
    "plain",
    "größer",
    "日本語",
    "tab\there",
    "\r",
    "  ",
    "}" * 40,
    "\u2028",
    "🜁",
    "-----BEGIN",
    "--- a/x",
    "\u202e",
)
_NAMES = ("a.txt", "main.py", "notes.md", "größe.json", ".gitattributes", "x y.sh", "gitmod~1", "CON", "README.md")
_HOSTILE_NAMES = (
    "../../.git/config",
    "a" * 300,
    "\u0390.txt",
    "\u03aa\u0301.txt",
    "--upload-pack=x",
    "a\nb",
    ".GIT",
    "",
)


@dataclass
class Promised:
    """What a visitor was told of a paste: each text that it may have now; None stands for a removed one."""

    token: str
    name: str
    texts: set[str | None]


@dataclass
class Visitors:
    """Threads of visitors."""

    url: str
    seed: str
    #: The pastes that the site has acknowledged, by key.
    promised: dict[str, Promised] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._is_over = threading.Event()
        self._http = urllib3.PoolManager(maxsize=_THREADS)
        self._threads = [threading.Thread(target=self._visit, args=(number,)) for number in range(_THREADS)]

    def start(self) -> None:
        """Let them come."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let them go."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, number: int) -> None:
        chance = random.Random(f"{self.seed} {number}")
        own: list[str] = []
        due = time.monotonic()
        while not self._is_over.wait(max(due - time.monotonic(), 0)):
            due = max(due + _THREADS / RATE, time.monotonic() - 5)
            act = chance.random()
            if own and act < 0.05:
                self._edit(chance.choice(own), chance)
            elif own and act < 0.08:
                self._remove(own.pop(chance.randrange(len(own))))
            elif act < 0.12:
                self._attack(chance)
            elif key := self._create(chance):
                own.append(key)

    def _create(self, chance: random.Random) -> str:
        text, name = some_text(chance), chance.choice(_NAMES)
        visibility = chance.choice(["public", "unlisted"])
        body = {"files": [{"name": name, "content": text}], "title": f"a {name}", "visibility": visibility}
        status, answer = self._ask("POST", "", body)
        if status != 201:
            return ""
        self.promised[answer["key"]] = Promised(answer["token"], name, {text})
        return str(answer["key"])

    def _edit(self, key: str, chance: random.Random) -> None:
        paste, text = self.promised[key], some_text(chance)
        body = {"files": [{"name": paste.name, "content": text}]}
        status, _ = self._ask("PATCH", f"/{key}", body, {"X-Pasteur-Token": paste.token, "If-Match": "*"})
        # Without an answer, the edit may have been made.
        paste.texts = {text} if status == 200 else paste.texts | {text}

    def _remove(self, key: str) -> None:
        paste = self.promised[key]
        status, _ = self._ask("DELETE", f"/{key}", None, {"X-Pasteur-Token": paste.token})
        paste.texts = {None} if status in {204, 404} else paste.texts | {None}

    def _attack(self, chance: random.Random) -> None:
        """Send what should be refused, or stored and harm nothing."""
        content, fields = chance.choice(_ATTACKS)(chance)
        names = [chance.choice(_HOSTILE_NAMES), chance.choice(_NAMES)]
        files = [{"name": name, "content": content} for name in names[: chance.randint(1, 2)]]
        status, answer = self._ask("POST", "", {"files": files, **fields})
        if status == 201:
            self.promised[answer["key"]] = Promised(answer["token"], files[0]["name"], {content})

    def _ask(
        self, method: str, path: str, body: object, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str]]:
        """Ask once; the status is 0 without an answer."""
        content = json.dumps(body).encode() if body is not None else None
        headers = (headers or {}) | {"Content-Type": "application/json", "Connection": "close"}
        url = f"{self.url}/api/v1/pastes{path}"
        try:
            answer = self._http.request(method, url, body=content, headers=headers, timeout=30, retries=False)
        except urllib3.exceptions.HTTPError:
            self.answers[0] += 1
            return 0, {}
        self.answers[answer.status] += 1
        if answer.status >= 500 and answer.status != 503:
            self.unexpected[f"{method} {path[:1]} {answer.status} {answer.data[:200]!r}"] += 1
        return answer.status, json.loads(answer.data) if answer.data else {}


def some_text(chance: random.Random) -> str:
    """Return a text of some lines; none is like another."""
    lines = [chance.choice(_LINES) for _ in range(chance.randint(1, 40))]
    return chance.choice(("\n", "\r\n")).join([secrets.token_hex(8), *lines]) + chance.choice(("\n", "\r\n", ""))


def _words(chance: random.Random) -> tuple[str, dict[str, object]]:
    """More words than an index has room for."""
    return "\n".join(f"{n:04d} " + "\ufdfa" * 9 for n in range(9_999)), {"visibility": "public"}


def _accents(chance: random.Random) -> tuple[str, dict[str, object]]:
    return "a" + "\u0301\u0316" * 20_000 + secrets.token_hex(4), {"visibility": "public"}


def _control_characters(chance: random.Random) -> tuple[str, dict[str, object]]:
    return f"{secrets.token_hex(4)}\x1b]0;owned\x07\x1b[2J", {"title": "\x1b[31mred", "author": "a <b> \u202e"}


def _nul(chance: random.Random) -> tuple[str, dict[str, object]]:
    return "a\0b", {}


def _commit_header(chance: random.Random) -> tuple[str, dict[str, object]]:
    fields: dict[str, object] = {
        "title": "x\n\nPasteur-Key: aaaaaaaaaa\nPasteur-Kind: remove",
        "author": "a> 0 +0000\ncommitter x",
    }
    return secrets.token_hex(8), fields


def _submodule(chance: random.Random) -> tuple[str, dict[str, object]]:
    return f'[submodule "../x"]\n\tpath = ../{secrets.token_hex(4)}\n\turl = ext::sh -c id\n', {}


def _too_large(chance: random.Random) -> tuple[str, dict[str, object]]:
    return "x" * 600_000, {}


_ATTACKS = (_words, _accents, _control_characters, _nul, _commit_header, _submodule, _too_large)
