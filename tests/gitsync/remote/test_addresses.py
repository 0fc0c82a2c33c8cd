"""Addresses of remotes: all supported kinds are parsed, and all others are rejected without repeating a password."""

import re

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from gitsync.errors import MisconfiguredError
from gitsync.remote.addresses import Address, parse, push_interval


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/srv/git/pastes.git", Address("/srv/git/pastes.git")),
        ("/", Address("/")),
        ("/srv/-x/--upload-pack=y", Address("/srv/-x/--upload-pack=y")),
        ("/srv/schön.git", Address("/srv/schön.git")),
        ("ssh://git@host/p.git", Address("ssh://git@host/p.git", "host", 22)),
        ("ssh://host/p", Address("ssh://host/p", "host", 22)),
        (
            "ssh://git@host.example.org:2222/~/p",
            Address("ssh://git@host.example.org:2222/~/p", "host.example.org", 2222),
        ),
        ("ssh://git@[::1]:22/p", Address("ssh://git@[::1]:22/p", "::1", 22)),
        ("ssh://git@10.0.0.1:65535/p", Address("ssh://git@10.0.0.1:65535/p", "10.0.0.1", 65_535)),
        ("git@github.com:owner/p.git", Address("git@github.com:owner/p.git", "github.com", 22)),
        ("host:p", Address("host:p", "host", 22)),
        ("git@[::1]:p", Address("git@[::1]:p", "::1", 22)),
        ("a.b-c_1@host:/srv/p.git", Address("a.b-c_1@host:/srv/p.git", "host", 22)),
    ],
)
def test_a_path_and_two_forms_of_ssh_are_addresses(text: str, address: Address) -> None:
    assert parse(text) == address
    assert address.is_network == (not text.startswith("/"))
    assert address.transport == ("ssh" if address.is_network else "file")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("https://github.com/owner/p.git", "github.com", 443),
        ("https://git.example.org:8443/p", "git.example.org", 8443),
        ("http://127.0.0.1:3000/owner/p.git", "127.0.0.1", 3000),
        ("http://[::1]/p", "::1", 80),
        ("git://host/p.git", "host", 9418),
        ("git://host:9419/p.git", "host", 9419),
    ],
)
def test_urls_of_http_and_git_are_addresses(text: str, host: str, port: int) -> None:
    address = parse(text)

    assert address == Address(text, host, port)
    assert address.is_network
    assert address.transport == text.partition(":")[0]


@pytest.mark.parametrize(
    ("text", "is_loopback"),
    [
        *(("http://127.0.0.1/p", True), ("http://127.9.9.9/p", True), ("http://[::1]/p", True)),
        *(("http://localhost/p", True), ("http://[::ffff:7f00:1]/p", True), ("http://2130706433/p", True)),
        *(
            ("http://localhost.example.org/p", False),
            ("http://10.0.0.1/p", False),
            ("http://127.0.0.1.example/p", False),
        ),
    ],
)
def test_loopback_addresses(text: str, is_loopback: bool) -> None:
    assert parse(text).is_loopback == is_loopback


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "169.254.0.1", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"),
        *("[fe80::1]", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]", "100.100.100.200", "0.0.0.0", "[::]"),
        *("metadata.google.internal", "METADATA.google.internal", "metadata"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https", "git", "ssh"])
def test_addresses_of_metadata_services_are_rejected(scheme: str, host: str) -> None:
    with pytest.raises(MisconfiguredError, match="secrets"):
        parse(f"{scheme}://{host}/latest/meta-data")


@pytest.mark.parametrize(
    "text",
    [
        *("https://user@host/p", "https://user:geheim@host/p", "https://:geheim@host/p", "https://@host/p"),
        *("http://geheim@127.0.0.1/p", "git://geheim@host/p", "https://host/p?token=geheim", "https://host/p#geheim"),
        *("https://-x/p", "https://host/-x", "https://host/../p", "https://host:0/p", "https:///p", "HTTPS://host/p"),
    ],
)
def test_urls_with_a_login_a_query_or_an_odd_path_are_rejected(text: str) -> None:
    with pytest.raises(MisconfiguredError) as caught:
        parse(text)

    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "relative/path", "./x", "../x", "~/x", "x.git"),
        *("ext::sh -c id", "ext::sh", "ext::ssh%20host", "fd::17", "transport::address", "a::b", "host::path"),
        *("file:///etc", "FILE:///etc", "http://169.254.169.254", "https://github.com", "git://host"),
        *(
            "ftp://host/x",
            "rsync://host/x",
            "svn+ssh://host/x",
            "git+ssh://host/x",
            "ssh+git://host/x",
            "SSH://git@host/x",
        ),
        *("--upload-pack=x", "-oProxyCommand=x", "--upload-pack=x:y", "-x:path", "-oProxyCommand=x@host:path"),
        *("ssh://-oProxyCommand=x/path", "ssh://-x@host/path", "ssh://%2doProxyCommand=x/p", "ssh://host:-1/p"),
        *("ssh://git@/path", "ssh:///path", "ssh://host", "ssh://host/", "ssh://host//", "ssh://git@host/-x"),
        *(
            "git@host:-x",
            "git@host:",
            "git@host:/-x",
            "git@-host:p",
            "git@host-:p",
            "@host:p",
            "git@:p",
            "user@host@other:p",
        ),
        *(
            "ssh://host:0/p",
            "ssh://host:65536/p",
            "ssh://host:port/p",
            "ssh://[::1/p",
            "ssh://host]/p",
            "ssh://ho st/p",
        ),
        *(
            "ssh://git@host/p?x=1",
            "ssh://git@host/p#x",
            "ssh://git@h\u2100st/p",
            "ssh://h\u00f6st/p",
            "git@h\u00f6st:p",
        ),
        *(
            "/srv/../etc",
            "/..",
            "/srv/git/..",
            "/srv/p\n",
            "\n/srv/p",
            "/srv/\0p",
            "/srv/ p",
            "/srv/p\x7f",
            "git@host:p\r\nx",
        ),
        *("/srv/\u202ep", "/srv/\u2028p", "/srv/\u00a0p", "git@host:\u202ep", "/srv/\ud800", "/srv/\x85p"),
    ],
    ids=ascii,
)
def test_other_strings_are_not_addresses(text: str) -> None:
    with pytest.raises(MisconfiguredError):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git:geheim@host/p",
        "ssh://:geheim@host/p",
        "https://user:geheim@host/p",
        "http://geheim@169.254.169.254/",
        "user:geheim@host:p",
        "ssh://git:geheim@[::1/p",
        "ssh://git:geheim@h\u2100st/p",
        "ssh://git:geheim@host:port/p",
        "ssh://git@host/p?token=geheim",
        "ext::geheim",
        "/srv/geheim\n",
    ],
    ids=ascii,
)
def test_errors_never_repeat_a_password(text: str) -> None:
    with pytest.raises(MisconfiguredError) as caught:
        parse(text)

    assert "geheim" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@hypothesis.settings(deadline=None)
@given(
    st.text()
    | st.lists(
        st.sampled_from([*"/:@-.[]~?#% \n", "ssh://", "git", "host", "::", "..", "1", "-o", "é"]), max_size=12
    ).map("".join)
)
def test_any_text_is_parsed_or_rejected(text: str) -> None:
    try:
        address = parse(text)
    except MisconfiguredError:
        return

    assert address.url == text
    assert not text.startswith("-")
    assert not re.match(r"[A-Za-z0-9+.-]*::", text)
    assert not address.host.startswith("-")
    assert address.host.isascii()
    assert 1 <= address.port <= 65_535
    assert text.isprintable()


@pytest.mark.parametrize(
    ("remote", "interval", "seconds"),
    [
        ("/srv/p.git", None, 0.0),
        ("git@host:p", None, 10.0),
        ("https://host/p", None, 10.0),
        ("git://host/p", None, 10.0),
        ("/srv/p.git", 2.5, 2.5),
        ("git@host:p", 0.0, 0.0),
        ("git@host:p", 60.0, 60.0),
    ],
)
def test_pushes_over_a_network_have_an_interval_by_default(
    settings: Settings, remote: str, interval: float | None, seconds: float
) -> None:
    settings.GITSYNC_REMOTE = remote
    settings.GITSYNC_PUSH_INTERVAL = interval

    assert push_interval() == seconds
