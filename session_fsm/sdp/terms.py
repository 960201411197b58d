"""One stream of a peer's description, read: what it lets us do, where it goes, and what our answer says of it.

`negotiate` decides with it. Sources: RFC 3264, RFC 3605, RFC 8866.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from session_fsm.frozen import maker_of
from session_fsm.sdp.agreement import Agreement, LocalMedia
from session_fsm.sdp.codec import Codec
from session_fsm.sdp.description import Line, MediaDescription, SessionDescription
from session_fsm.sdp.direction import MediaDirection
from session_fsm.sdp.numbers import number
from session_fsm.sdp.remote import Address, Host, Refusal, look_up, quoted, remote_host, remote_rtcp
from session_fsm.sdp.telephone_events import (
    EVENTS_HANDLED,
    TELEPHONE_EVENT,
    TelephoneEvents,
    events_listed,
    with_events,
)

PROTOCOL = "RTP/AVP"  # RFC 3551; the secure and feedback profiles are not handled, so they are refused
PACKET_TIMES_MS = (10, 20, 30, 40, 60)
"How much audio the packets that are sent may hold."
MAX_PTIME_MS = 200  # RFC 3551 §4.2: receivers should accept packets of up to 200 ms

Pair = tuple[Codec, Codec]
"Ours under our number, and the same under the peer's."

_agreed, _media = maker_of(Agreement), maker_of(MediaDescription)


class Reply:
    """What our answer says of a stream, and what is agreed by it: all but addresses and ports."""

    __slots__ = ("behind", "codec", "direction", "events", "formats", "lines", "receivable", "until")

    def __init__(self, terms: Terms, local: LocalMedia) -> None:
        # RFC 3264 §6.1: one codec under one number for both ways. The number is the offer's, and a single codec leaves
        # no doubt about what will arrive.
        ours, wire = terms.pairs[0]
        self.codec = ours if ours.payload_type == wire.payload_type else replace(ours, payload_type=wire.payload_type)
        self.receivable = (self.codec,)
        self.direction = local.direction.narrowed_by(terms.direction)
        self.events = terms.events and replace(terms.events, payload_type=terms.events.send_payload_type)
        codecs = with_events(self.receivable, self.events.payload_type if self.events else None)
        self.formats, self.lines = said_of(codecs, local, self.direction)
        self.until = self.behind = ""
        "The text of a first answer from its origin to its port, and from there; empty until one was written."


class Terms:
    """What a stream lets us do, wherever it goes. The calls of one kind of peer may share them."""

    __slots__ = ("_replies", "direction", "events", "pairs", "ptime_ms")

    def __init__(
        self, pairs: tuple[Pair, ...], direction: MediaDirection, ptime_ms: int, events: TelephoneEvents | None
    ) -> None:
        self.pairs = pairs
        "In the peer's order."
        self.direction = direction
        self.ptime_ms = ptime_ms
        self.events = events
        self._replies: dict[MediaDirection, Reply] = {}

    def reply(self, local: LocalMedia) -> Reply:
        """What our answer says, with media that the stream was read for: ports and direction may be other ones."""
        if has_rtcp_elsewhere(local):
            return Reply(self, local)
        found = self._replies.get(local.direction)
        if found is None:
            found = self._replies[local.direction] = Reply(self, local)
        return found


class Usable:
    """A stream of the peer's that we can use: its terms, and where it goes."""

    __slots__ = ("remote", "remote_rtcp", "terms")

    def __init__(self, terms: Terms, remote: Address, remote_rtcp: Address | None) -> None:
        self.terms = terms
        self.remote = remote
        self.remote_rtcp = remote_rtcp

    def answered(self, reply: Reply) -> Agreement:
        """What our answer to the peer's offer makes of it."""
        number = reply.codec.payload_type
        return _agreed(
            reply.codec,
            number,
            number,
            self.remote,
            self.remote_rtcp,
            reply.direction,
            self.terms.ptime_ms,
            self.terms.direction,
            reply.events,
            reply.receivable,
        )

    def concluded(self, offered: MediaDirection) -> Agreement:
        """What the peer's answer makes of our offer in this direction."""
        terms = self.terms
        ours, theirs = terms.pairs[0]
        return _agreed(
            codec=ours,
            payload_type=ours.payload_type,
            send_payload_type=theirs.payload_type,
            remote=self.remote,
            remote_rtcp=self.remote_rtcp,
            direction=offered.narrowed_by(terms.direction),
            ptime_ms=terms.ptime_ms,
            theirs=terms.direction,
            events=terms.events,
            receivable=tuple([mine for mine, _ in terms.pairs]),
        )


class Reading:
    """A peer's description being read. What its session part says for every stream is looked up once."""

    __slots__ = ("connection", "direction", "local")

    def __init__(self, description: SessionDescription, local: LocalMedia) -> None:
        self.connection = description.connection
        self.direction = description.direction or MediaDirection.SENDRECV
        self.local = local

    def stream(self, media: MediaDescription, codecs: tuple[Codec, ...]) -> Usable | Refusal:
        """What this stream lets us do with these codecs of ours, or why it cannot be used."""
        host = _unusable(media) or self._host(media)
        if isinstance(host, Refusal):
            return host
        common = _common(media.codecs, codecs)
        pairs = tuple([pair for pair in common if pair[0].name != TELEPHONE_EVENT.name])
        if not pairs:
            handled = _names(self.local.codecs)
            return Refusal(f"no codec in common: {_names(media.codecs)} offered, {handled} handled", warning=305)
        rtp = host.text, media.port
        said = media.by_name()
        rtcp = remote_rtcp(said.get("rtcp"), rtp, self.local.address)
        direction = media.direction or self.direction
        if host.unspecified:
            # RFC 3264 §8.4: nothing is sent to 0.0.0.0, the hold of RFC 2543. The peer may still send.
            direction = direction.narrowed_by(MediaDirection.RECVONLY)
        events = _events(media, common) if len(common) > len(pairs) else None
        return Usable(Terms(pairs, direction, _ptime(said, self.local.ptime_ms), events), rtp, rtcp)

    def _host(self, media: MediaDescription) -> Host | Refusal:
        connection = media.connection or self.connection
        if connection is None:
            return Refusal("the audio stream has no connection address", warning=301)
        host = remote_host(connection, self.local.address[0])
        if isinstance(host, Refusal):
            return host
        if media.port == self.local.address[1] and host == look_up(self.local.address[0]):
            return Refusal(f"{host.text}:{media.port} is our own address")
        return host


def _unusable(media: MediaDescription) -> Refusal | None:
    if media.kind != "audio":
        return Refusal(f"a stream of {quoted(media.kind)} is not handled", warning=304)
    if not media.port:
        return Refusal("the audio stream is refused with port 0", warning=304)
    if media.protocol.upper() != PROTOCOL:
        return Refusal(f"{quoted(media.protocol)} is not handled, only {PROTOCOL} is", warning=302)
    return None


def _common(theirs: tuple[Codec, ...], ours: tuple[Codec, ...]) -> tuple[Pair, ...]:
    """Ours and theirs of each codec that both have, in the peer's order (RFC 3264 §6.1 recommends to keep it)."""
    known = {codec.encoding: codec for codec in reversed(ours)}
    found = [(known.get(codec.encoding), codec) for codec in theirs]
    return tuple([(mine, codec) for mine, codec in found if mine is not None])


def _events(media: MediaDescription, common: tuple[Pair, ...]) -> TelephoneEvents:
    """How telephone events go, which both sides handle."""
    mine, theirs = next(pair for pair in common if pair[0].name == TELEPHONE_EVENT.name)
    start = f"fmtp:{theirs.payload_type} "
    listed = next((value[len(start) :] for kind, value in media.lines if kind == "a" and value.startswith(start)), None)
    return TelephoneEvents(mine.payload_type, theirs.payload_type, events_listed(listed))


def _ptime(said: Mapping[str, str], ours: int) -> int:
    """The longest packet time that we can send and that is no longer than the peer wishes (RFC 8866 §6.4)."""
    if "ptime" not in said and "maxptime" not in said:
        return ours
    wished = number(said.get("ptime", "").strip().partition(".")[0], at_most=MAX_PTIME_MS)
    most = number(said.get("maxptime", "").strip().partition(".")[0], at_most=10 * MAX_PTIME_MS)
    wanted = min(wished or ours, most or MAX_PTIME_MS)
    return max([each for each in PACKET_TIMES_MS if each <= wanted], default=PACKET_TIMES_MS[0])


def _names(codecs: tuple[Codec, ...]) -> str:
    return ", ".join(quoted(codec.name, 20) for codec in codecs[:8]) or "nothing known"


def said_of(
    codecs: tuple[Codec, ...], local: LocalMedia, direction: MediaDirection
) -> tuple[tuple[str, ...], tuple[Line, ...]]:
    """The formats of our audio stream and its lines. Static types get an rtpmap too, as RFC 3264 §5.1 recommends."""
    lines: list[Line] = [("a", f"rtpmap:{codec.rtpmap}") for codec in codecs]
    if codecs[-1].name == TELEPHONE_EVENT.name:
        lines.append(("a", f"fmtp:{codecs[-1].payload_type} {EVENTS_HANDLED}"))
    if has_rtcp_elsewhere(local):
        lines.append(("a", f"rtcp:{local.rtcp_port}"))
    lines += [("a", f"ptime:{local.ptime_ms}"), ("a", str(direction))]
    return tuple([str(codec.payload_type) for codec in codecs]), tuple(lines)


def has_rtcp_elsewhere(local: LocalMedia) -> bool:
    """Whether we receive RTCP at another port than that above RTP, so that our description has to say it."""
    return local.rtcp_port is not None and local.rtcp_port != local.address[1] + 1
