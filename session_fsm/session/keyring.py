"""What we can prove, and to whom: the answers to challenges, for our realms and our hosts alone.

Source: RFC 3261 §22, RFC 8760 §2.4. A challenge is answered when the realm is one of ours, and the request went to a
host of ours: the registrar, the proxy, or, where neither was given, whoever was called. Whatever is not ours to answer
says why, in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from session_fsm.errors import Malformed, printable
from session_fsm.session.account import Account, Credentials, place_of
from session_fsm.session.events import Address
from session_fsm.sip import Request, Response, SipUri
from session_fsm.sip.digest import (
    AuthenticationInfo,
    Challenge,
    DigestAnswer,
    answer_to,
    best_of_each_realm,
    readable_challenges,
)

# Of a response, and of the request that answers it (RFC 3261 §22.2, §22.3).
FIELDS = (("WWW-Authenticate", "Authorization"), ("Proxy-Authenticate", "Proxy-Authorization"))
ANSWERS = tuple(answer for _, answer in FIELDS)
CNONCE_BITS = 64
MOST_REALMS = 8  # of one call; a chain of proxies is not longer


class Asked(NamedTuple):
    """One challenge of a response, and how it would be answered."""

    field: str
    "The header field of the answer."
    challenge: Challenge
    credentials: Credentials | None
    refusal: str
    "Why there are no credentials for it; empty when there are."


@dataclass(slots=True)
class Known:
    """A challenge that was answered, for the further requests to the same place."""

    field: str
    challenge: Challenge
    credentials: Credentials
    place: Address
    cnonce: str
    count: int = 0
    "How many requests were sent with its nonce."

    def answer(self, request: Request) -> DigestAnswer:
        """The answer of the next request."""
        self.count += 1
        return answer_to(
            self.challenge,
            self.credentials.user,
            self.credentials.password,
            method=request.method,
            uri=str(request.uri),
            cnonce=self.cnonce,
            nc=self.count,
        )


class Keyring:
    """The challenges that one call or registration has answered (RFC 3261 §22.3: not beyond its Call-ID)."""

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Known] = {}
        "(header field, realm) -> the newest."

    def remember(self, asked: list[Asked], place: Address, dice: Random) -> None:
        """Answer these from now on."""
        for each in asked:
            if each.credentials is None:
                continue
            cnonce = f"{dice.getrandbits(CNONCE_BITS):016x}"
            key = (each.field, each.challenge.realm)
            if key in self.known or len(self.known) < MOST_REALMS:
                self.known[key] = Known(each.field, each.challenge, each.credentials, place, cnonce)

    def sign(self, request: Request, place: Address) -> None:
        """Add our answers to a request that goes where they were asked for."""
        for known in self.known.values():
            if known.place == place:
                request.add(known.field, str(known.answer(request)))

    def renew(self, response: Response) -> None:
        """RFC 7616 §3.5: the server names the nonce that it wants to see next."""
        for name in ("Authentication-Info", "Proxy-Authentication-Info"):
            said = response.get(name)
            if said is not None:
                self._renew(said, name.startswith("Proxy-"))

    def _renew(self, said: str, is_proxy: bool) -> None:
        try:
            nonce = AuthenticationInfo.parse(said).nextnonce
        except Malformed:
            return
        mine = [known for known in self.known.values() if known.field == ANSWERS[is_proxy]]
        # Which realm it is about is not said: with more than one nobody can tell.
        if nonce is not None and len(mine) == 1:
            old = mine[0].challenge
            mine[0].challenge = Challenge(
                realm=old.realm, nonce=nonce, algorithm=old.algorithm, qop=old.qop, opaque=old.opaque
            )
            mine[0].count = 0


@dataclass(slots=True)
class Trust:
    """Which hosts and realms are ours, as we were told and as we have learnt."""

    account: Account
    domain: str
    "The host of our own address."
    places: set[Address] = field(init=False)
    "Where the registrar and the proxy are, by name and by address."
    realms: dict[str, str] = field(default_factory=dict)
    "Header field of the answer -> the realm that the registrar, or the proxy, was the first to ask for."

    def __post_init__(self) -> None:
        """The places that we were given."""
        self.places = {*place_of(self.account.registrar), *place_of(self.account.proxy)}

    def asked_by(self, response: Response, request: Request, place: Address) -> list[Asked]:
        """The challenges of a response to this request, which went to this place: one for each realm."""
        found = []
        for said, answered in FIELDS:
            for challenge in best_of_each_realm(readable_challenges(response.rows(said))):
                credentials = self._credentials(challenge.realm, answered, request, place)
                refusal = "" if credentials else self._refusal(challenge.realm, place)
                found.append(Asked(answered, challenge, credentials, refusal))
        return found

    def learn(self, asked: list[Asked], request: Request, place: Address, source: Address | None) -> None:
        """What is answered now: a server of ours names its realm, and shows its address."""
        if place not in self.places:
            return
        if source is not None:
            self.places.add(source)
        for each in asked:
            if each.credentials is not None and self._speaks_for_itself(each.field, request, place):
                self.realms.setdefault(each.field, each.challenge.realm)

    def _credentials(self, realm: str, answered: str, request: Request, place: Address) -> Credentials | None:
        if self.places and place not in self.places:
            return None
        ours = self._is_ours(realm, answered, request, place)
        for credentials in self.account.credentials:
            if credentials.realm == realm or (credentials.realm is None and ours):
                return credentials
        return None

    def _is_ours(self, realm: str, answered: str, request: Request, place: Address) -> bool:
        """Whether credentials without a realm are for this one."""
        hosts = {self.domain, *(host for host, _ in self.places)}
        if not self.places and isinstance(request.uri, SipUri):
            hosts.add(request.uri.host)
        if realm.lower() in {host.lower() for host in hosts} or realm in self.realms.values():
            return True
        return answered not in self.realms and self._speaks_for_itself(answered, request, place)

    def _speaks_for_itself(self, answered: str, request: Request, place: Address) -> bool:
        """Whether a challenge is our server's own, and not that of somebody behind it."""
        own = {"Authorization": self.account.registrar, "Proxy-Authorization": self.account.proxy}[answered]
        if answered == "Authorization" and request.method != "REGISTER":
            return False
        return own is not None and place in self.places

    def _refusal(self, realm: str, place: Address) -> str:
        shown = printable(realm)
        if not self.account.credentials:
            return f"there are no credentials for the realm {shown}"
        if self.places and place not in self.places:
            return f"{place[0]}:{place[1]} is neither our registrar nor our proxy, and gets no answer for {shown}"
        return f"the realm {shown} is none of ours; Credentials(user, password, realm) would name it"


def answered_realms(request: Request) -> Iterator[tuple[str, str]]:
    """(header field, realm) of every answer that a request of ours carries."""
    for name in ANSWERS:
        for row in request.rows(name):
            yield name, DigestAnswer.parse(row).realm


def with_next_number(request: Request, via: tuple[str, str], cseq: int) -> Request:
    """RFC 3261 §8.1.3.5: the same request with another branch and the next CSeq number, without its old answers."""
    left_out = {"Via", "CSeq", "Content-Length", *ANSWERS}
    kept = [(name, value) for name, value in request.headers() if name not in left_out]
    at = next((place for place, (name, _) in enumerate(kept) if name == "Call-ID"), len(kept) - 1) + 1
    headers = [via, *kept[:at], ("CSeq", f"{cseq} {request.method}"), *kept[at:]]
    return Request(request.method, request.uri, headers, request.body)
