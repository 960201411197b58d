"""Via: one hop of a message's way, and the key to its transaction (RFC 3261 §20.42, RFC 3581 for rport)."""

from __future__ import annotations

import re
from typing import Final

from session_fsm.errors import Malformed
from session_fsm.sip.grammar import (
    Params,
    T,
    format_host,
    format_params,
    is_plain,
    keep,
    parse_host,
    parse_params,
    parse_port,
)
from session_fsm.sip.uri import Address

_RULE: Final = "RFC 3261 §20.42 via-parm"

# RFC 3261 §8.1.1.7: a branch that begins so is unique over all transactions; RFC 2543 had no such promise.
MAGIC_COOKIE: Final = "z9hG4bK"

_WS = r"[ \t]*+"
_VIA: Final = re.compile(
    rf"({T}++{_WS}/{_WS}{T}++){_WS}/{_WS}({T}++)[ \t]++"  # protocol, version, transport
    rf"(\[[^\]]*+\]|[^:;,\[\] \t]++){_WS}(?::{_WS}([0-9]++){_WS})?(;.*+)?",  # host, port, parameters
    re.DOTALL,
)

_BRANCH: Final = re.compile(f"{T}++")
_NO_PARAMS: Final[Params] = {}


class Via:
    """`SIP/2.0/UDP host:port;params`. A value: it is never changed after it was made."""

    __slots__ = ("_before", "_params", "_sent_by", "branch", "host", "port", "protocol", "transport")

    def __init__(
        self,
        transport: str,
        host: str,
        port: int | None = None,
        params: Params | None = None,
        protocol: str = "SIP/2.0",
    ) -> None:
        self.transport = transport
        "UDP, TCP, TLS, SCTP or another token, upper case."
        self.host = host
        "Where the sender wants its answer (sent-by); IPv6 without brackets."
        self.port = port
        "The port that is written, or None."
        self.protocol = protocol
        "Protocol name and version."
        self.branch = params.get("branch") if params else None
        "The branch as written, whether or not it has the magic cookie."
        self._params = params
        self._before: Params = _NO_PARAMS
        "What stands before the branch, where nothing stands behind it; as long as there are no `_params`."
        self._sent_by: Address | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Via) and self._parts() == other._parts()

    def __repr__(self) -> str:
        return f"<Via {self}>"

    def _parts(self) -> tuple[object, ...]:
        return self.transport, self.host, self.port, self.params, self.protocol

    @classmethod
    def parse(cls, text: str) -> Via:
        """One Via value, or `Malformed`."""
        # The hop comes with every message of a peer, the branch with one transaction.
        where, marked, branch = text.partition(";branch=")
        hop = _hops.get(where)
        if hop is None:
            hop = _learn_hop(where)
        if hop is not None:
            if is_plain(branch) or _BRANCH.fullmatch(branch) is not None:
                return hop._with_branch(branch)
            if not marked:
                return hop
            bare = branch.removesuffix(";rport")
            if _BRANCH.fullmatch(bare) is not None and "rport" not in hop.params:
                return hop.with_params({**hop.params, "branch": bare, "rport": None})
        return cls._parse(text)

    @classmethod
    def _parse(cls, text: str) -> Via:
        match = _VIA.fullmatch(text)
        if match is None:
            raise Malformed(_RULE, text)
        protocol, transport, host, port, rest = match.groups()
        if protocol != "SIP/2.0":
            protocol = protocol.replace(" ", "").replace("\t", "").upper()
        params = parse_params(rest, _RULE) if rest else {}
        if params.get("branch", "") is None:
            raise Malformed("RFC 3261 §25.1 via-branch", text)
        return cls(transport.upper(), parse_host(host), parse_port(port) if port else None, params, protocol)

    def __str__(self) -> str:
        where = format_host(self.host, self.port)
        return f"{self.protocol}/{self.transport} {where}{format_params(self.params)}"

    @property
    def params(self) -> Params:
        """Parameters in order: branch, received, rport and others."""
        found = self._params
        if found is None:
            branch = self.branch
            found = self._params = self._before if branch is None else {**self._before, "branch": branch}
        return found

    @property
    def unique_branch(self) -> str | None:
        """The branch if it names a transaction alone, else None: then the rules of RFC 2543 apply (RFC 3261 §17.2.3).

        `z9hG4bK` with nothing behind it names no transaction (RFC 4475 §3.2.1) and counts as no branch.
        """
        branch = self.branch
        if branch is not None and len(branch) > 7 and branch.startswith(MAGIC_COOKIE):
            return branch
        return None

    @property
    def received(self) -> str | None:
        """The source address that the receiver wrote; brackets, which some add, are dropped (RFC 5118 §4.5)."""
        value = self.params.get("received")
        return value.strip("[]") if value else None

    @property
    def wants_rport(self) -> bool:
        """Whether the sender asks for the answer at the port it sent from (RFC 3581 §3)."""
        return "rport" in (self._before if self._params is None else self._params)

    @property
    def rport(self) -> int | None:
        """The source port that the receiver wrote, or None."""
        value = self.params.get("rport")
        return int(value) if value and len(value) <= 5 and value.isascii() and value.isdigit() else None

    @property
    def sent_by(self) -> Address:
        """Host in lower case and port or its default: with branch and method the key of a server transaction."""
        known = self._sent_by
        if known is None:
            default = 5061 if self.transport == "TLS" else 5060
            known = self._sent_by = (self.host.lower(), default if self.port is None else self.port)
        return known

    def with_params(self, params: Params) -> Via:
        """The same hop with these parameters."""
        made = Via(self.transport, self.host, self.port, params, self.protocol)
        made._sent_by = self.sent_by
        return made

    def _with_branch(self, branch: str) -> Via:
        """A hop with this branch behind its parameters; together they are written down when somebody asks for them."""
        made = Via(self.transport, self.host, self.port, None, self.protocol)
        made.branch, made._before, made._sent_by = branch, self.params, self.sent_by
        return made

    def stamped(self, source: Address) -> Via:
        """The Via as a server returns it: with received and rport of the source (RFC 3261 §18.2.1, RFC 3581 §4)."""
        ip, port = source
        if self.wants_rport:
            params = {**self.params, "received": ip, "rport": str(port)}
        elif self.host != ip:
            params = {**self.params, "received": ip}
        else:
            return self
        return self.with_params(params)

    def reply_address(self, source: Address) -> Address:
        """Where a response over UDP goes (RFC 3261 §18.2.2, RFC 3581 §4).

        Departure from RFC 3261 §18.2.2: `maddr` is not followed. It was made for multicast; here it would let a sender
        aim our answers at anybody, without even a forged source address.
        """
        return source if self.wants_rport else (source[0], self.sent_by[1])


# What stands before a branch, as written, to a Via without one.
_hops: Final[dict[str, Via]] = {}


def _learn_hop(where: str) -> Via | None:
    """A hop that can be read by itself, known from now on; None when it cannot, or when it has a branch."""
    try:
        hop = Via._parse(where)
    except Malformed:
        return None
    return keep(_hops, where, hop) if "branch" not in hop.params else None
