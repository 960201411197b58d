"""Digest: challenges, the answers to them, and what a server says when it liked one. Text and values only.

Source: RFC 7616 as RFC 8760 and RFC 3261 §22 use it; without `qop` the older form of RFC 2069 (RFC 7616 §3.4.1).
Quoted text is kept as it stands between its quotes: that is what is hashed (`unq` of RFC 7616 §3.3).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from hmac import compare_digest

from session_fsm.errors import Malformed
from session_fsm.sip.grammar import QUOTED, T, is_token

# The name of RFC 7616 §6.1 and that of hashlib; the order is that of strength, which RFC 8760 §2.3 asks a server for.
_HASHES = {"SHA-512-256": "sha512_256", "SHA-256": "sha256", "MD5": "md5"}
ALGORITHMS = tuple(name for name, hashed in _HASHES.items() if hashed in hashlib.algorithms_available)
"The algorithms that can be computed here, the strongest first. Each exists with `-sess` too."

SESSION = "-sess"
AUTH = "auth"
NC_DIGITS = 8  # RFC 7616 §3.4: the nonce count has exactly eight hex digits

_SCHEME = re.compile(r"[ \t]*+[Dd][Ii][Gg][Ee][Ss][Tt][ \t]++")
_PAIR = re.compile(rf"[ \t]*+({T}++)[ \t]*+=[ \t]*+({QUOTED}|[^\s,\"]++)[ \t,]*+")
_HEX = re.compile(r"[0-9a-fA-F]++")


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The value of WWW-Authenticate or Proxy-Authenticate (RFC 7616 §3.3)."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: tuple[str, ...] = ()
    "What the server offers, lower case; empty in the form of RFC 2069."
    opaque: str | None = None
    stale: bool = False
    "The password was right, the nonce too old."

    @classmethod
    def parse(cls, text: str) -> Challenge:
        """A challenge, or Malformed: another scheme, no realm or nonce, a parameter twice."""
        values = _values(text, "RFC 7616 §3.3 challenge")
        return cls(
            realm=_needed(values, "realm"),
            nonce=_needed(values, "nonce"),
            algorithm=_algorithm(values),
            qop=tuple(word for raw in values.get("qop", "").split(",") if (word := raw.strip().lower())),
            opaque=values.get("opaque"),
            stale=values.get("stale", "").lower() == "true",
        )

    def __str__(self) -> str:
        pairs = [f'realm="{self.realm}"', f'nonce="{self.nonce}"', f"algorithm={self.algorithm}"]
        pairs += [f'qop="{",".join(self.qop)}"'] if self.qop else []
        pairs += [f'opaque="{self.opaque}"'] if self.opaque is not None else []
        pairs += ["stale=true"] if self.stale else []
        return "Digest " + ", ".join(pairs)

    @property
    def is_answerable(self) -> bool:
        """Whether we can compute an answer: a hash that is known here, and `auth` where there is a choice."""
        return _bare(self.algorithm) in ALGORITHMS and (not self.qop or AUTH in self.qop)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestAnswer:
    """The value of Authorization or Proxy-Authorization (RFC 7616 §3.4)."""

    username: str
    realm: str
    nonce: str
    uri: str
    "The Request-URI as the client wrote it."
    response: str = ""
    "Hex digits."
    algorithm: str = "MD5"
    qop: str | None = None
    nc: int = 0
    "How many requests were sent with this nonce, this one included."
    cnonce: str | None = None
    opaque: str | None = None

    @classmethod
    def parse(cls, text: str) -> DigestAnswer:
        """An answer, or Malformed."""
        rule = "RFC 7616 §3.4 credentials"
        values = _values(text, rule)
        qop = values.get("qop")
        return cls(
            username=_needed(values, "username"),
            realm=_needed(values, "realm"),
            nonce=_needed(values, "nonce"),
            uri=_needed(values, "uri"),
            response=_needed(values, "response").lower(),
            algorithm=_algorithm(values),
            qop=qop.strip().lower() if qop is not None else None,
            nc=_count(_needed(values, "nc"), rule) if qop is not None else 0,
            cnonce=_needed(values, "cnonce") if qop is not None else values.get("cnonce"),
            opaque=values.get("opaque"),
        )

    def __str__(self) -> str:
        pairs = [
            f'username="{self.username}"',
            f'realm="{self.realm}"',
            f'nonce="{self.nonce}"',
            f'uri="{self.uri}"',
            f'response="{self.response}"',
            f"algorithm={self.algorithm}",
        ]
        if self.qop is not None:
            # RFC 7616 §3.4: neither qop nor nc is quoted here.
            pairs += [f"qop={self.qop}", f"nc={self.nc:0{NC_DIGITS}x}"]
        pairs += [f'cnonce="{self.cnonce}"'] if self.cnonce is not None else []
        pairs += [f'opaque="{self.opaque}"'] if self.opaque is not None else []
        return "Digest " + ", ".join(pairs)

    def computed(self, password: str, method: str) -> str:
        """The response that this password makes (RFC 7616 §3.4.1)."""
        return self._response(password, f"{method}:{self.uri}")

    def is_right(self, password: str, method: str) -> bool:
        """Whether it was made with this password for a request of this method; compared in constant time."""
        return compare_digest(self.computed(password, method).encode(), self.response.encode("utf-8", "replace"))

    def acknowledged(self, password: str) -> str:
        """The `rspauth` with which a server that knows the password answers (RFC 7616 §3.5)."""
        return self._response(password, f":{self.uri}")

    def _response(self, password: str, a2: str) -> str:
        hashed = _hash_of(self.algorithm)
        a1 = hashed(f"{self.username}:{self.realm}:{password}")
        if self.algorithm.endswith(SESSION):
            a1 = hashed(f"{a1}:{self.nonce}:{self.cnonce or ''}")
        if self.qop is None:
            return hashed(f"{a1}:{self.nonce}:{hashed(a2)}")
        return hashed(f"{a1}:{self.nonce}:{self.nc:0{NC_DIGITS}x}:{self.cnonce or ''}:{self.qop}:{hashed(a2)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationInfo:
    """The value of Authentication-Info (RFC 7616 §3.5)."""

    nextnonce: str | None = None
    "The nonce that the next request shall use."
    rspauth: str | None = None
    qop: str | None = None
    nc: int = 0
    cnonce: str | None = None

    @classmethod
    def parse(cls, text: str) -> AuthenticationInfo:
        """What the server said, or Malformed."""
        rule = "RFC 7616 §3.5 Authentication-Info"
        values = _pairs(text, 0, rule)
        return cls(
            nextnonce=values.get("nextnonce"),
            rspauth=values.get("rspauth"),
            qop=values.get("qop"),
            nc=_count(values["nc"], rule) if "nc" in values else 0,
            cnonce=values.get("cnonce"),
        )

    def __str__(self) -> str:
        pairs = [f'nextnonce="{self.nextnonce}"'] if self.nextnonce is not None else []
        pairs += [f'rspauth="{self.rspauth}"'] if self.rspauth is not None else []
        pairs += [f"qop={self.qop}", f"nc={self.nc:0{NC_DIGITS}x}"] if self.qop is not None else []
        pairs += [f'cnonce="{self.cnonce}"'] if self.cnonce is not None else []
        return ", ".join(pairs)


def answer_to(
    challenge: Challenge, user: str, password: str, *, method: str, uri: str, cnonce: str, nc: int = 1
) -> DigestAnswer:
    """What a request of this method to this URI says to be let in. The challenge must be answerable."""
    has_qop = bool(challenge.qop)
    blank = DigestAnswer(
        username=_escaped(user),
        realm=challenge.realm,
        nonce=challenge.nonce,
        uri=uri,
        algorithm=challenge.algorithm,
        qop=AUTH if has_qop else None,
        nc=nc if has_qop else 0,
        cnonce=cnonce if has_qop or challenge.algorithm.endswith(SESSION) else None,
        opaque=challenge.opaque,
    )
    return replace(blank, response=blank.computed(password, method))


def readable_challenges(rows: Iterable[str]) -> Iterator[Challenge]:
    """The challenges of header fields, one a field (RFC 3261 §20.44); what is another scheme's is passed over."""
    for row in rows:
        try:
            yield Challenge.parse(row)
        except Malformed:
            continue


def best_of_each_realm(challenges: Iterable[Challenge]) -> list[Challenge]:
    """RFC 8760 §2.4: of the challenges of one realm the topmost that is supported; one for each realm (§22.3)."""
    best: dict[str, Challenge] = {}
    for challenge in challenges:
        if challenge.is_answerable:
            best.setdefault(challenge.realm, challenge)
    return list(best.values())


def canonical_algorithm(name: str) -> str:
    """An algorithm in the spelling of RFC 7616 §6.1; one that is unknown comes back as it is."""
    known = {each.lower(): each for bare in _HASHES for each in (bare, bare + SESSION)}
    return known.get(name.lower(), name)


def _hash_of(algorithm: str) -> Callable[[str], str]:
    name = _HASHES[_bare(algorithm)]
    return lambda text: hashlib.new(name, text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def _bare(algorithm: str) -> str:
    return algorithm.removesuffix(SESSION)


def _algorithm(values: dict[str, str]) -> str:
    name = values.get("algorithm", "MD5")
    if not is_token(name):
        raise Malformed("RFC 7616 §3.3 algorithm", name)
    return canonical_algorithm(name)


def _values(text: str, rule: str) -> dict[str, str]:
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise Malformed(rule, text)
    return _pairs(text, scheme.end(), rule)


def _pairs(text: str, at: int, rule: str) -> dict[str, str]:
    """`name=value, name="value"` from here on, names in lower case. RFC 7616 §3.3: no name comes twice.

    Lenient: a comma may be missing, as in the examples of RFC 3665 §2, or stand for nothing.
    """
    found: dict[str, str] = {}
    while at < len(text):
        match = _PAIR.match(text, at)
        if match is None or match[1].lower() in found:
            raise Malformed(rule, text[at:])
        value = match[2]
        found[match[1].lower()] = value[1:-1] if value.startswith('"') else value
        at = match.end()
    return found


def _needed(values: dict[str, str], name: str) -> str:
    if name not in values:
        raise Malformed(f"RFC 7616 §3: {name} is missing")
    return values[name]


def _count(text: str, rule: str) -> int:
    if len(text) != NC_DIGITS or _HEX.fullmatch(text) is None:
        raise Malformed(rule, text)
    return int(text, 16)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
