"""Offers that are worded as one before: what they lead to is known, but for the addresses.

Telephones of one kind write the same text in every call, except who made it and where it listens. What the rest leads
to is found out once for the media that we have, and then looked up. Only the usual form is known so: one audio stream,
whose address stands above it, and whose RTCP goes to the port above RTP.
"""

from __future__ import annotations

import re

from session_fsm.sdp.agreement import LocalMedia
from session_fsm.sdp.codec import Codec
from session_fsm.sdp.description import MAX_PORT
from session_fsm.sdp.negotiate import Considered
from session_fsm.sdp.remote import look_up
from session_fsm.sdp.terms import Usable

REMEMBERED_WORDINGS = 256  # forgotten all at once: a peer that makes them up costs the others one reading each
LONGEST_WORDING = 2000  # octets of a description

# An origin that breaks no rule (RFC 8866 §5.2), the first `c=` line, and the first `m=` line below it.
_USUAL = re.compile(
    rb"v=0\r\no=[!-~]++ [0-9]{1,19}+ [0-9]{1,19}+ IN [!-~]++ [!-~]++"
    rb"((?:\r\n[abd-ln-z]=[^\r\n]*+)*\r\nc=IN IP[46] )([0-9A-Fa-f:.]++)"
    rb"((?:\r\n[abd-ln-z]=[^\r\n]*+)*\r\nm=audio )([1-9][0-9]{0,4}+) "
)

Wording = tuple[bytes, bytes, bytes, str, int, int | None]
"What stands between origin, address, port and the end; and of our media the address, the packet time and the events."


class _Known:
    """What offers of one wording lead to."""

    __slots__ = ("codecs", "found", "here", "version")

    def __init__(self, codecs: tuple[Codec, ...], found: Considered, here: str, version: int) -> None:
        self.codecs = codecs
        "Ours, for which it was found out."
        self.found = found
        self.here = here
        "Our address."
        self.version = version
        "The IP version of our address."


_known: dict[Wording, _Known] = {}


def known_offer(body: bytes, local: LocalMedia) -> Considered | None:
    """What this offer is for this media of ours, when another of its wording was considered before."""
    apart = _USUAL.match(body) if len(body) <= LONGEST_WORDING else None
    if apart is None:
        return None
    before, said_host, between, said_port = apart.groups()
    found = _known.get(_wording(before, between, body[apart.end() :], local))
    if found is None or found.codecs != local.codecs:
        return None
    host, port = look_up(said_host.decode()), int(said_port)
    if host is None or host.refusal or host.unspecified or host.version != found.version or port >= MAX_PORT:
        return None
    if host.text == found.here and local.address[1] in (port, port + 1):
        return None
    stream = Usable(found.found.stream.terms, (host.text, port), (host.text, port + 1))
    return Considered(found.found.offer, 0, stream)


def learn_offer(body: bytes, local: LocalMedia, found: Considered) -> None:
    """Remember what this offer is for this media of ours, if it is of the usual form."""
    apart = _USUAL.match(body) if len(body) <= LONGEST_WORDING else None
    here = look_up(local.address[0])
    if apart is None or here is None or len(found.offer.media) != 1:
        return
    before, said_host, between, said_port = apart.groups()
    host, port, media = look_up(said_host.decode()), int(said_port), found.offer.media[0]
    if host is None or host.unspecified or media.connection is not None or media.attribute("rtcp") is not None:
        return
    if (found.stream.remote, found.stream.remote_rtcp) != ((host.text, port), (host.text, port + 1)):
        return
    if len(_known) >= REMEMBERED_WORDINGS:
        _known.clear()
    _known[_wording(before, between, body[apart.end() :], local)] = _Known(local.codecs, found, here.text, here.version)


def _wording(before: bytes, between: bytes, behind: bytes, local: LocalMedia) -> Wording:
    return before, between, behind, local.address[0], local.ptime_ms, local.telephone_event
