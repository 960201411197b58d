"""Offer and answer as pure functions: what we can do and what the peer wrote in, an agreement or a refusal out.

One audio stream is negotiated; every other stream of an offer is refused with port 0, in its place. Nothing is offered
or answered that this engine does not handle. Sources: RFC 3264, RFC 6337, RFC 3605.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from session_fsm.frozen import maker_of
from session_fsm.sdp.agreement import Agreement, Answer, LocalMedia
from session_fsm.sdp.codec import Codec
from session_fsm.sdp.description import DEFAULT_TIMING, Line, MediaDescription, Origin, SessionDescription
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


_agreed, _answer = maker_of(Agreement), maker_of(Answer)
_origin, _media, _session = maker_of(Origin), maker_of(MediaDescription), maker_of(SessionDescription)


def offer(local: LocalMedia, previous: SessionDescription | None = None) -> SessionDescription:
    """Our offer. `previous` is our last description of this session, if there was one.

    RFC 3264 §8: the streams of `previous` keep their places, and the version counts up by one if anything changed.
    """
    ours = _stream(local, with_events(local.codecs, local.telephone_event), local.direction)
    streams = [_refused(media) for media in previous.media] if previous else []
    at = _audio_place(previous)
    streams[at : at + 1] = [ours]
    timing = previous.timing if previous else DEFAULT_TIMING
    return _described(local, tuple(streams), timing=timing, previous=previous)


def answer(
    offer: SessionDescription,
    local: LocalMedia,
    previous: SessionDescription | None = None,
    *,
    considered: Considered | None = None,
) -> Answer | Refusal:
    """Answer a peer's offer: the first audio stream that we can handle is taken, all others are refused in place.

    What was `considered` of this offer and this media before is not considered again.
    """
    found = considered or consider(offer, local)
    return found if isinstance(found, Refusal) else _answered(offer, found[0], found[1], local, previous)


def decline(
    offer: SessionDescription, local: LocalMedia, previous: SessionDescription | None = None
) -> SessionDescription:
    """A valid answer that takes no stream, for where an answer has to be sent though nothing can be agreed."""
    return _described(local, tuple(_refused(media) for media in offer.media), timing=offer.timing, previous=previous)


def consider(offer: SessionDescription, local: LocalMedia) -> Considered:
    """The place of the first audio stream that we can handle, and what it lets us do; or why there is none."""
    reading = _Reading(offer, local)
    refusals = []
    for at, media in enumerate(offer.media):
        theirs = reading.stream(media, with_events(local.codecs, local.telephone_event))
        if isinstance(theirs, _Stream):
            return at, theirs
        if media.kind == "audio" and media.port:
            refusals.append(theirs)
    return refusals[0] if refusals else Refusal("no audio stream is offered", warning=304)


def is_the_same(found: Considered, before: LocalMedia, local: LocalMedia) -> bool:
    """Whether what an offer was found to be for the media of `before` holds for `local` as well.

    Ports are not known before the application opens them; they matter only where the offer names the same.
    """
    if isinstance(found, Refusal) or found[0] or (before.ptime_ms, before.codecs) != (local.ptime_ms, local.codecs):
        return False
    theirs, here = found[1], look_up(local.address[0])
    if (
        here is None
        or theirs.remote_rtcp is None
        or (here.text, local.address[1]) in (theirs.remote, theirs.remote_rtcp)
    ):
        return False
    # Events of ours mean nothing to an offer that has none.
    unheard = local.telephone_event is None and theirs.events is None
    return before.address[0] == local.address[0] and (unheard or before.telephone_event == local.telephone_event)


def conclude(offer: SessionDescription, answer: SessionDescription, local: LocalMedia) -> Agreement | Refusal:
    """What the answer to our own offer makes of it."""
    at = _audio_place(offer)
    if len(answer.media) != len(offer.media) or at >= len(answer.media):
        return Refusal(f"{len(answer.media)} streams answer {len(offer.media)} offered ones", warning=304)
    ours = offer.media[at]
    theirs = _Reading(answer, local).stream(answer.media[at], ours.codecs)
    if isinstance(theirs, Refusal):
        return theirs
    return theirs.agreement(theirs.pairs, _direction(ours, offer).narrowed_by(theirs.direction))


class _Stream:
    """The peer's side of one stream: all of it that we can use."""

    __slots__ = ("direction", "events", "pairs", "ptime_ms", "remote", "remote_rtcp")

    def __init__(
        self,
        pairs: tuple[tuple[Codec, Codec], ...],
        remote: Address,
        remote_rtcp: Address | None,
        direction: MediaDirection,
        ptime_ms: int,
        events: TelephoneEvents | None,
    ) -> None:
        self.pairs = pairs
        "Codecs in the peer's order: ours under our number, and the same under the peer's."
        self.remote = remote
        self.remote_rtcp = remote_rtcp
        self.direction = direction
        self.ptime_ms = ptime_ms
        self.events = events

    def agreement(self, pairs: tuple[tuple[Codec, Codec], ...], direction: MediaDirection) -> Agreement:
        ours, theirs = pairs[0]
        return _agreed(
            codec=ours,
            payload_type=ours.payload_type,
            send_payload_type=theirs.payload_type,
            remote=self.remote,
            remote_rtcp=self.remote_rtcp,
            direction=direction,
            ptime_ms=self.ptime_ms,
            theirs=self.direction,
            events=self.events,
            receivable=tuple([mine for mine, _ in pairs]),
        )


Considered = tuple[int, _Stream] | Refusal
"What an offer is for us."


class _Reading:
    """A peer's description being read. What its session part says for every stream is looked up once."""

    __slots__ = ("connection", "direction", "local")

    def __init__(self, description: SessionDescription, local: LocalMedia) -> None:
        self.connection = description.connection
        self.direction = description.direction or MediaDirection.SENDRECV
        self.local = local

    def stream(self, media: MediaDescription, codecs: tuple[Codec, ...]) -> _Stream | Refusal:
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
        return _Stream(pairs, rtp, rtcp, direction, _ptime(said, self.local.ptime_ms), events)

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


def _common(theirs: tuple[Codec, ...], ours: tuple[Codec, ...]) -> tuple[tuple[Codec, Codec], ...]:
    """Ours and theirs of each codec that both have, in the peer's order (RFC 3264 §6.1 recommends to keep it)."""
    known = {codec.encoding: codec for codec in reversed(ours)}
    found = [(known.get(codec.encoding), codec) for codec in theirs]
    return tuple([(mine, codec) for mine, codec in found if mine is not None])


def _events(media: MediaDescription, common: tuple[tuple[Codec, Codec], ...]) -> TelephoneEvents:
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


def _direction(media: MediaDescription, description: SessionDescription) -> MediaDirection:
    return media.direction or description.direction or MediaDirection.SENDRECV


def _names(codecs: tuple[Codec, ...]) -> str:
    return ", ".join(quoted(codec.name, 20) for codec in codecs[:8]) or "nothing known"


def _answered(
    offer: SessionDescription, at: int, theirs: _Stream, local: LocalMedia, previous: SessionDescription | None
) -> Answer:
    # RFC 3264 §6.1: one codec under one number for both ways. The number is the offer's, and a single codec leaves no
    # doubt about what will arrive.
    ours, wire = theirs.pairs[0]
    codec = ours if ours.payload_type == wire.payload_type else replace(ours, payload_type=wire.payload_type)
    direction = local.direction.narrowed_by(theirs.direction)
    if theirs.events is not None:
        theirs.events = replace(theirs.events, payload_type=theirs.events.send_payload_type)
    taken = with_events((codec,), theirs.events.payload_type if theirs.events else None)
    streams = [
        _refused(media) if place != at else _stream(local, taken, direction) for place, media in enumerate(offer.media)
    ]
    # RFC 3264 §6: the answer's t= line equals the offer's.
    description = _described(local, tuple(streams), timing=offer.timing, previous=previous)
    return _answer(description, theirs.agreement(((codec, wire),), direction))


def _audio_place(description: SessionDescription | None) -> int:
    """Where the live audio stream stands; else a refused one, to be used again (RFC 3264 §8.1); else the end."""
    streams = description.media if description else ()
    audio = [at for at, media in enumerate(streams) if media.kind == "audio"]
    return next((at for at in audio if streams[at].port), audio[0] if audio else len(streams))


def _stream(local: LocalMedia, codecs: tuple[Codec, ...], direction: MediaDirection) -> MediaDescription:
    """Our audio stream. Static payload types get an rtpmap too, as RFC 3264 §5.1 recommends."""
    lines: list[Line] = [("a", f"rtpmap:{codec.rtpmap}") for codec in codecs]
    if codecs[-1].name == TELEPHONE_EVENT.name:
        lines.append(("a", f"fmtp:{codecs[-1].payload_type} {EVENTS_HANDLED}"))
    if local.rtcp_port is not None and local.rtcp_port != local.address[1] + 1:
        lines.append(("a", f"rtcp:{local.rtcp_port}"))
    lines += [("a", f"ptime:{local.ptime_ms}"), ("a", str(direction))]
    formats = tuple(str(codec.payload_type) for codec in codecs)
    return _media("audio", local.address[1], PROTOCOL, formats, 1, tuple(lines))


def _refused(media: MediaDescription) -> MediaDescription:
    """The same stream with port 0 (RFC 3264 §6): what is said of it no longer matters."""
    return MediaDescription(media.kind, 0, media.protocol, media.formats)


def _described(
    local: LocalMedia,
    streams: tuple[MediaDescription, ...],
    *,
    timing: str = DEFAULT_TIMING,
    previous: SessionDescription | None,
) -> SessionDescription:
    """Our description; the version counts up by one only if anything differs from the one before (RFC 3264 §8)."""
    host = local.address[0]
    family = "IP6" if ":" in host else "IP4"
    lines = (("s", "-"), ("c", f"IN {family} {host}"), ("t", timing))
    if previous is None:
        return _session(_origin("-", local.session_id, local.version, family, host), lines, streams)
    same = _session(previous.origin, lines, streams)
    unchanged = (lines, streams) == (previous.lines, previous.media)
    return same if unchanged else same.with_version(previous.origin.version + 1)
