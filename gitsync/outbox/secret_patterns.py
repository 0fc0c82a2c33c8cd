"""Recognizes well-known kinds of credentials. Pure: content in, kinds and digests out.

Each kind has a prefix chosen by its issuer. Content without that prefix costs only one search per kind; otherwise, a
regular expression is applied in which all repetitions are bounded. Nothing is guessed from words such as "password" or
from randomness: every match is a credential, or looks exactly like one.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

_WORD = rb"[A-Za-z0-9_-]"
#: The ending of sample keys in the AWS documentation.
EXAMPLE = b"EXAMPLE"


@dataclass(frozen=True)
class _Kind:
    name: str
    prefixes: tuple[bytes, ...]
    pattern: re.Pattern[bytes]


def _kind(name: str, *prefixes: bytes, then: bytes, until: bytes = rb"(?![A-Za-z0-9])") -> _Kind:
    """Return a kind that has one of these prefixes and matches whole words only."""
    prefix = b"|".join(re.escape(prefix) for prefix in prefixes)
    return _Kind(name, prefixes, re.compile(rb"(?<![A-Za-z0-9_-])(?:" + prefix + b")" + then + until))


#: The form for a new paste searches for them as well (assets/generate.py).
KINDS = (
    _kind("AWS access key", b"AKIA", b"ASIA", then=rb"[A-Z2-7]{16}"),
    _Kind(
        "private key",
        (b"PRIVATE KEY", b"PuTTY-User-Key-File-"),
        re.compile(
            rb"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----[\r\n\\]{1,4}[A-Za-z0-9+/]{0,64}"
            rb"|PuTTY-User-Key-File-[0-9]: [a-z0-9-]{3,30}"
        ),
    ),
    _kind("GitHub token", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", then=rb"[A-Za-z0-9]{36}"),
    _kind("GitHub token", b"github_pat_", then=rb"[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _kind("GitLab token", b"glpat-", then=_WORD + rb"{20}"),
    _kind("Slack token", b"xoxb-", b"xoxp-", b"xoxa-", b"xoxr-", b"xoxs-", then=rb"[0-9]{6,14}-[0-9A-Za-z-]{10,200}"),
    _kind("Slack webhook", b"https://hooks.slack.com/services/", then=rb"T[A-Z0-9]{6,12}/B[A-Z0-9]{6,12}/\w{24}"),
    _kind("Stripe key", b"sk_live_", b"rk_live_", then=rb"[A-Za-z0-9]{24,250}"),
    _kind("Google API key", b"AIza", then=_WORD + rb"{35}", until=rb"(?![A-Za-z0-9_-])"),
    _kind("npm token", b"npm_", then=rb"[A-Za-z0-9]{36}"),
    _kind("PyPI token", b"pypi-AgEIcHlwaS5vcmc", then=_WORD + rb"{50,250}"),
    _kind("Anthropic key", b"sk-ant-", then=_WORD + rb"{80,120}"),
    _kind("OpenAI key", b"sk-proj-", b"sk-svcacct-", b"sk-admin-", then=_WORD + rb"{40,200}"),
    _kind("SendGrid key", b"SG.", then=_WORD + rb"{22}\." + _WORD + rb"{43}"),
    _kind("age key", b"AGE-SECRET-KEY-1", then=rb"[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
)
_PREFIXES = [(prefix, kind) for kind in KINDS for prefix in kind.prefixes]


def find_secrets(content: bytes) -> dict[str, str]:
    """Return the kinds of all credentials in the content, keyed by a digest that does not reveal them."""
    secrets = {}
    for prefix, kind in _PREFIXES:  # Every paste is searched, so this has to be fast.
        if prefix in content:
            for match in kind.pattern.finditer(content):
                if not match[0].endswith(EXAMPLE):
                    secrets[sha256(match[0]).hexdigest()[:16]] = kind.name
    return secrets
