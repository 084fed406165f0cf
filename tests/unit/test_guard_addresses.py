"""Which addresses the guard lets through: by what they say, and by where they lead."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.errors import ConfigError, FetchError, ForbiddenAddressError
from src.guard import Guard
from src.guard.addresses import read_address
from src.guard.networks import why_not_public

PUBLIC = "93.184.216.34"


def leading_to(*addresses: str) -> Guard:
    """Return a guard for which every name leads to these addresses."""
    return Guard(resolve=lambda host, port: list(addresses))


REFUSED = [
    # other schemes
    "ftp://example.org/a.mp4",
    "file:///etc/passwd",
    "gopher://example.org/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "//example.org/a",
    "/etc/passwd",
    "",
    # this machine and its surroundings
    "http://127.0.0.1/",
    "http://127.8.9.1:5000/healthz",
    "http://[::1]/",
    "http://0.0.0.0/",
    "http://0.1.2.3/",
    "http://[::]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/",
    "http://100.100.100.200/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fec0::1]/",
    "http://224.0.0.1/",
    "http://[ff02::1]/",
    "http://255.255.255.255/",
    "http://240.0.0.1/",
    "http://192.0.2.1/",
    "http://[2001:db8::1]/",
    # the same in other clothes
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.0.0.1./",
    "http://0/",
    "http://1.2.3.4.5/",
    "http://256.1.1.1/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:5db8:d822::1]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[2a00::5efe:127.0.0.1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://１２７.０.０.１/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    # users, passwords, and what is read in several ways
    "http://user@example.org/",
    "http://user:secret@example.org/",
    "http://example.org@127.0.0.1/",
    "http://127.0.0.1\\@example.org/",
    "http://example.org\\.evil.example/",
    "http://exa\nmple.org/",
    "http://example.org/\r\nHost: x",
    "http://example.org/\0",
    " http://example.org/",
    "http://exam ple.org/",
    "http://%31%32%37.0.0.1/",
    "http://-example.org/",
    "http://[::1",
    "http://[example.org]/",
    "http:///etc/passwd",
    "http://example.org:99999/",
    "http://" + "a" * 300 + "/",
    "http://example.org/" + "a" * 9000,
    # ports of other services
    "http://example.org:22/",
    "http://example.org:25/",
]
"""Addresses that are refused by what they say alone."""


@pytest.mark.parametrize("url", REFUSED)
def test_is_refused_as_it_is_written(url: str) -> None:
    guard = Guard(resolve=lambda host, port: pytest.fail(f"{host} was looked up"))

    with pytest.raises(ForbiddenAddressError):
        guard.check(url)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://example.org/a.mp4?x=1#t=3", "example.org", 80),
        ("HTTPS://Example.ORG:8443/a", "example.org", 8443),
        (f"http://{PUBLIC}/", PUBLIC, 80),
        ("http://[2606:2800:220:1::1]:8080/", "2606:2800:220:1::1", 8080),
        ("http://[::ffff:93.184.216.34]/", "::ffff:93.184.216.34", 80),
        ("http://my_archive.example.org./a%20b", "my_archive.example.org.", 80),
        ("http://bücher.example/", "xn--bcher-kva.example", 80),
        ("http://4chan.example/", "4chan.example", 80),
        ("http://example%2eorg/", "example.org", 80),
        ("http://example.org/@user", "example.org", 80),
    ],
)
def test_lets_public_addresses_through(url: str, host: str, port: int) -> None:
    address = Guard().check(url)

    assert (address.host, address.port) == (host, port)


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("::1",),
        ("169.254.169.254",),
        ("fe80::1%eth0",),
        ("::ffff:10.0.0.1",),
        ("64:ff9b::a00:1",),
        (PUBLIC, "127.0.0.1"),
        ("2606:2800:220:1::1", "fd12::1"),
    ],
)
def test_a_name_that_leads_inside_is_refused(addresses: tuple[str, ...]) -> None:
    with pytest.raises(ForbiddenAddressError, match=r"evil\.example"):
        leading_to(*addresses).addresses_of("evil.example", 80)


def test_a_name_leads_to_what_was_checked() -> None:
    guard = leading_to("2606:2800:220:1::1", PUBLIC, "::ffff:93.184.216.34", "64:ff9b::5db8:d822")

    assert guard.addresses_of("Good.example", 443) == ("2606:2800:220:1::1", PUBLIC, PUBLIC, "64:ff9b::5db8:d822")


def test_a_number_is_never_looked_up() -> None:
    guard = Guard(resolve=lambda host, port: pytest.fail(f"{host} was looked up"))

    for host in ("2130706433", "0x7f.1", "127.1", "0177.0.0.1", "example.0x7f000001"):
        with pytest.raises(ForbiddenAddressError, match="by a number"):
            guard.addresses_of(host, 80)
    assert guard.addresses_of(PUBLIC, 80) == (PUBLIC,)


def test_a_host_that_nobody_knows() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(FetchError, match="not known") as info:
        Guard(resolve=unknown).addresses_of("nowhere.example", 80)
    assert not isinstance(info.value, ForbiddenAddressError)
    with pytest.raises(FetchError, match="without an address"):
        leading_to().addresses_of("nowhere.example", 80)


def test_a_network_may_be_allowed() -> None:
    guard = Guard.of([], ["10.1.0.0/16", "fd12:3456::/48"])

    guard.check("http://10.1.2.3:8000/film.mp4")
    guard.check("http://[fd12:3456::5]/film.mp4")
    guard.check("http://[::ffff:10.1.2.3]/film.mp4")
    for url in ("http://10.2.0.1/", "http://127.0.0.1/", "http://[fd12:3457::1]/"):
        with pytest.raises(ForbiddenAddressError, match=r"fetch\.allow_networks"):
            guard.check(url)


def test_a_host_may_be_allowed_but_not_as_a_way_to_the_keys_of_a_cloud() -> None:
    def resolve(host: str, port: int) -> list[str]:
        return {"films.archive.lan": ["192.168.7.5"], "keys.archive.lan": ["169.254.169.254"]}.get(host, ["192.168.7.6"])

    guard = Guard(("*.archive.lan", "localhost"), resolve=resolve)

    assert guard.addresses_of("films.archive.lan", 80) == ("192.168.7.5",)
    assert guard.check("http://films.archive.lan:81/").port == 81
    for host in ("keys.archive.lan", "archive.lan.evil.example", "other.lan"):
        with pytest.raises(ForbiddenAddressError):
            guard.addresses_of(host, 80)


def test_a_wrong_network_says_how_one_is_written() -> None:
    with pytest.raises(ConfigError, match=r"10\.1\.0\.0/16"):
        Guard.of([], ["10.1.2.3/16"])


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(ForbiddenAddressError) as info:
        Guard().check("http://user:geheim@example.org/")

    assert "geheim" not in str(info.value)


@given(st.ip_addresses(v=4))
def test_every_form_of_an_ipv4_address_is_judged_alike(ip: ipaddress.IPv4Address) -> None:
    public = why_not_public(ip) is None
    mapped, nat64 = (ipaddress.IPv6Address(int(ip) | prefix) for prefix in (0xFFFF << 32, 0x64FF9B << 96))

    assert (why_not_public(mapped) is None) == public
    assert (why_not_public(nat64) is None) == public
    assert not (public and (ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_reserved))
    for wrapped in (int(ip), 0x2002 << 112 | int(ip) << 80, 0xFFFF << 48 | int(ip)):
        assert why_not_public(ipaddress.IPv6Address(wrapped)) is not None


@given(st.ip_addresses(v=4), st.sampled_from(["{:d}", "{:#x}", "0{:o}"]))
def test_no_number_is_a_host(ip: ipaddress.IPv4Address, form: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        Guard().check(f"http://{form.format(int(ip))}/")


@given(st.ip_addresses(v=4), st.lists(st.sampled_from(["{:d}", "{:#x}", "0{:o}"]), min_size=4, max_size=4))
def test_a_dotted_quad_has_one_spelling(ip: ipaddress.IPv4Address, forms: list[str]) -> None:
    host = ".".join(form.format(byte) for form, byte in zip(forms, ip.packed, strict=True))

    try:
        address = read_address(f"http://{host}/")
    except ForbiddenAddressError:
        assert host != str(ip)
    else:
        assert host == str(ip) == address.host


@given(st.ip_addresses(v=6))
def test_no_special_ipv6_address_is_public(ip: ipaddress.IPv6Address) -> None:
    if why_not_public(ip) is None:
        assert ip.is_global
        assert not (ip.is_multicast or ip.is_link_local or ip.is_site_local or ip.is_loopback or ip.sixtofour or ip.teredo)


@given(st.text(max_size=80), st.sampled_from(["", "http://", "https://", "http://example.org"]))
def test_nothing_else_comes_out_of_any_text(text: str, start: str) -> None:
    try:
        address = Guard().check(start + text)
    except ForbiddenAddressError:
        return
    assert address.scheme in ("http", "https")
    assert address.host.isascii()
    assert address.host == address.host.lower()
    assert not set(address.host) & set("%@\\/ []")
