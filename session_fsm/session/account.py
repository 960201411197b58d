"""Who we are to servers: the registrar and the proxy that we use, and what we can prove. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from session_fsm.errors import Malformed
from session_fsm.session.events import Address
from session_fsm.session.possible import check_text
from session_fsm.sip import SipUri
from session_fsm.sip.grammar import format_host

EXPIRES = 600  # seconds that a binding is asked for; RFC 3261 §10.2.1.1 leaves it to us
LONGEST_EXPIRES = 7 * 24 * 3600  # seconds; a registrar that wants longer ones is not taken seriously

EXAMPLE = "it can be HOST:PORT such as 192.0.2.1:5060, or a SIP URI such as sip:example.com"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and a password, and for whom they are.

    Without a `realm` they are for the registrar and the proxy that the user agent was given: for a realm that is named
    like one of them or like our own domain, or that one of them was the first to ask for. Nobody else gets an answer.
    """

    user: str
    password: str = field(repr=False)
    realm: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be written in a header field."""
        check_text("user", self.user)
        if self.realm is not None:
            check_text("realm", self.realm)
        password: object = self.password
        if not isinstance(password, str):
            raise ValueError("password is no text")
        if not self.user:
            raise ValueError("user is ''; it can be any name that the registrar knows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The servers of one user agent."""

    registrar: SipUri | None = None
    "Where we register."
    proxy: SipUri | None = None
    "Where all requests go that have no route of their own (RFC 3261 §8.1.2)."
    credentials: tuple[Credentials, ...] = ()
    expires: int = EXPIRES
    "Seconds that a binding is asked for."

    def __post_init__(self) -> None:
        """Refuse what is not possible."""
        expires: object = self.expires
        if not isinstance(expires, int) or isinstance(expires, bool) or not 0 < expires <= LONGEST_EXPIRES:
            raise ValueError(f"expires is {expires!r}; it can be 1 to {LONGEST_EXPIRES} seconds")


NO_ACCOUNT = Account()


def account_of(registrar: object, credentials: object, proxy: object, expires: int = EXPIRES) -> Account:
    """What a user agent was given, as values; the servers may be None."""
    return Account(
        registrar=None if registrar is None else server_uri("registrar", registrar),
        proxy=None if proxy is None else proxy_uri(proxy),
        credentials=credentials_of(credentials),
        expires=expires,
    )


def proxy_uri(value: object) -> SipUri:
    """A proxy, as a Route names it: a loose router (RFC 3261 §16.12)."""
    uri = server_uri("proxy", value)
    return uri if uri.is_loose else replace(uri, params={**uri.params, "lr": None})


def server_uri(name: str, value: object) -> SipUri:
    """A registrar or a proxy: HOST, HOST:PORT, a pair of both, or a SIP URI without a user."""
    text = format_host(str(value[0]), value[1]) if isinstance(value, tuple) and len(value) == 2 else value
    if not isinstance(text, str) or not text:
        raise ValueError(f"{name} is {value!r}; {EXAMPLE}")
    try:
        uri = SipUri.parse(text if text.lower().startswith(("sip:", "sips:")) else f"sip:{text}")
    except Malformed:
        raise Malformed(f"{name} is no server; {EXAMPLE}", text) from None
    if uri.scheme != "sip" or uri.transport not in (None, "udp"):
        raise Malformed(f"{name} cannot be reached: only sip: over UDP is built", text)
    if uri.user is not None:
        raise Malformed(f"{name} has a user, and a server has none; {EXAMPLE}", text)
    return uri


def credentials_of(value: object) -> tuple[Credentials, ...]:
    """One, several or no credentials."""
    several = (value,) if isinstance(value, Credentials) else value
    if several is None:
        return ()
    if not isinstance(several, list | tuple) or not all(isinstance(each, Credentials) for each in several):
        raise TypeError("credentials can be a Credentials(user, password), or a list of them")
    return tuple(several)


def place_of(uri: SipUri | None) -> frozenset[Address]:
    """Where a server is, as we were told: nothing for none."""
    return frozenset() if uri is None else frozenset({uri.address})
