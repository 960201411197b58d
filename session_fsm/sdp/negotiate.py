"""Offer and answer as pure functions: what we can do and what the peer wrote in, an agreement or a refusal out.

One audio stream is negotiated; every other stream of an offer is refused with port 0, in its place. Nothing is offered
or answered that this engine does not handle. Sources: RFC 3264, RFC 6337, RFC 3605.
"""

from __future__ import annotations

from functools import lru_cache

from session_fsm.frozen import maker_of
from session_fsm.sdp.agreement import Agreement, Answer, LocalMedia
from session_fsm.sdp.description import DEFAULT_TIMING, Line, MediaDescription, Origin, SessionDescription
from session_fsm.sdp.direction import MediaDirection
from session_fsm.sdp.remote import Refusal, look_up
from session_fsm.sdp.telephone_events import with_events
from session_fsm.sdp.terms import PROTOCOL, Reading, Usable, said_of

_answer = maker_of(Answer)
_origin, _media, _session = maker_of(Origin), maker_of(MediaDescription), maker_of(SessionDescription)


class Considered:
    """What an offer is for us: the first audio stream that we can handle, and its place."""

    __slots__ = ("at", "offer", "stream")

    def __init__(self, offer: SessionDescription, at: int, stream: Usable) -> None:
        self.offer = offer
        "The offer; where its wording was met before, one that differs from it in who made it, address and port."
        self.at = at
        self.stream = stream


def offer(local: LocalMedia, previous: SessionDescription | None = None) -> SessionDescription:
    """Our offer. `previous` is our last description of this session, if there was one.

    RFC 3264 §8: the streams of `previous` keep their places, and the version counts up by one if anything changed.
    """
    said = said_of(with_events(local.codecs, local.telephone_event), local, local.direction)
    ours = _media("audio", local.address[1], PROTOCOL, said[0], 1, said[1])
    streams = [_refused(media) for media in previous.media] if previous else []
    at = _audio_place(previous)
    streams[at : at + 1] = [ours]
    timing = previous.timing if previous else DEFAULT_TIMING
    return _described(local, tuple(streams), timing=timing, previous=previous)


def answer(
    offer: SessionDescription, local: LocalMedia, previous: SessionDescription | None = None
) -> Answer | Refusal:
    """Answer a peer's offer: the first audio stream that we can handle is taken, all others are refused in place."""
    found = consider(offer, local)
    return found if isinstance(found, Refusal) else take(found, local, previous)


def take(found: Considered, local: LocalMedia, previous: SessionDescription | None = None) -> Answer:
    """The answer to an offer that was considered for this media of ours."""
    reply = found.stream.terms.reply(local)
    ours = _media("audio", local.address[1], PROTOCOL, reply.formats, 1, reply.lines)
    offered = found.offer.media
    streams = (ours,) if len(offered) == 1 else _with_refusals(offered, found.at, ours)
    # RFC 3264 §6: the answer's t= line equals the offer's.
    description = _described(local, streams, timing=found.offer.timing, previous=previous)
    return _answer(description, found.stream.answered(reply))


class WrittenAnswer:
    """An answer as it goes on the wire, and what is agreed once it is sent."""

    __slots__ = ("agreement", "octets")

    def __init__(self, octets: bytes, agreement: Agreement) -> None:
        self.octets = octets
        self.agreement = agreement


def write_answer(found: Considered, local: LocalMedia, previous: bytes = b"") -> WrittenAnswer:
    """The same as `take`, written; `previous` is our last description of this session, if there was one.

    First answers to one stream differ in origin and port, and otherwise only as their terms do.
    """
    if previous or len(found.offer.media) > 1:
        before = SessionDescription.parse(previous) if previous else None
        answered = take(found, local, before)
        return WrittenAnswer(answered.description.encode(), answered.agreement)
    reply = found.stream.terms.reply(local)
    by, version, port = local.session_id, local.version, local.address[1]
    if not reply.until:
        written = take(found, local).description.encode().decode("utf-8", "surrogateescape")
        written = written.removeprefix(f"v=0\r\no=- {by} {version}")
        above, kind, behind = written.partition("\r\nm=audio ")
        reply.until, reply.behind = above + kind, behind.removeprefix(str(port))
    text = f"v=0\r\no=- {by} {version}{reply.until}{port}{reply.behind}"
    return WrittenAnswer(text.encode("utf-8", "surrogateescape"), found.stream.answered(reply))


def decline(
    offer: SessionDescription, local: LocalMedia, previous: SessionDescription | None = None
) -> SessionDescription:
    """A valid answer that takes no stream, for where an answer has to be sent though nothing can be agreed."""
    return _described(local, tuple(_refused(media) for media in offer.media), timing=offer.timing, previous=previous)


def consider(offer: SessionDescription, local: LocalMedia) -> Considered | Refusal:
    """The first audio stream that we can handle, and what it lets us do; or why there is none."""
    reading = Reading(offer, local)
    refusals = []
    for at, media in enumerate(offer.media):
        theirs = reading.stream(media, with_events(local.codecs, local.telephone_event))
        if isinstance(theirs, Usable):
            return Considered(offer, at, theirs)
        if media.kind == "audio" and media.port:
            refusals.append(theirs)
    return refusals[0] if refusals else Refusal("no audio stream is offered", warning=304)


def is_the_same(found: Considered | Refusal, before: LocalMedia, local: LocalMedia) -> bool:
    """Whether what an offer was found to be for the media of `before` holds for `local` as well.

    Ports are not known before the application opens them; they matter only where the offer names the same.
    """
    if isinstance(found, Refusal) or found.at or (before.ptime_ms, before.codecs) != (local.ptime_ms, local.codecs):
        return False
    theirs, here = found.stream, look_up(local.address[0])
    if (
        here is None
        or theirs.remote_rtcp is None
        or (here.text, local.address[1]) in (theirs.remote, theirs.remote_rtcp)
    ):
        return False
    # Events of ours mean nothing to an offer that has none.
    unheard = local.telephone_event is None and theirs.terms.events is None
    return before.address[0] == local.address[0] and (unheard or before.telephone_event == local.telephone_event)


def conclude(offer: SessionDescription, answer: SessionDescription, local: LocalMedia) -> Agreement | Refusal:
    """What the answer to our own offer makes of it."""
    at = _audio_place(offer)
    if len(answer.media) != len(offer.media) or at >= len(answer.media):
        return Refusal(f"{len(answer.media)} streams answer {len(offer.media)} offered ones", warning=304)
    ours = offer.media[at]
    theirs = Reading(answer, local).stream(answer.media[at], ours.codecs)
    if isinstance(theirs, Refusal):
        return theirs
    return theirs.concluded(ours.direction or offer.direction or MediaDirection.SENDRECV)


def _audio_place(description: SessionDescription | None) -> int:
    """Where the live audio stream stands; else a refused one, to be used again (RFC 3264 §8.1); else the end."""
    streams = description.media if description else ()
    audio = [at for at, media in enumerate(streams) if media.kind == "audio"]
    return next((at for at in audio if streams[at].port), audio[0] if audio else len(streams))


def _with_refusals(
    offered: tuple[MediaDescription, ...], at: int, ours: MediaDescription
) -> tuple[MediaDescription, ...]:
    return tuple([ours if place == at else _refused(media) for place, media in enumerate(offered)])


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
    family, lines = _session_lines(host, timing)
    if previous is None:
        return _session(_origin("-", local.session_id, local.version, family, host), lines, streams)
    same = _session(previous.origin, lines, streams)
    unchanged = (lines, streams) == (previous.lines, previous.media)
    return same if unchanged else same.with_version(previous.origin.version + 1)


@lru_cache(maxsize=256)  # we have few addresses, and timing is mostly `0 0`
def _session_lines(host: str, timing: str) -> tuple[str, tuple[Line, ...]]:
    family = "IP6" if ":" in host else "IP4"
    return family, (("s", "-"), ("c", f"IN {family} {host}"), ("t", timing))
