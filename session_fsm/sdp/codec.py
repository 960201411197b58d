"""Codecs by name, and the payload type numbers that mean one without an rtpmap (RFC 3551 §6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from session_fsm.frozen import plain
from session_fsm.sdp.numbers import number

MAX_PAYLOAD_TYPE = 127  # seven bits in the RTP header, RFC 3550 §5.1
MAX_CLOCK_RATE = 10_000_000  # Hz; video uses 90,000, no registered payload format comes near this
MAX_CHANNELS = 255
LONGEST_RTPMAP = 80  # characters; the longest registered encoding name has under 40


@plain
@dataclass(frozen=True, slots=True)
class Codec:
    """One way to encode audio, under the payload type number that one side's description gives it."""

    name: str
    "The encoding name; compared without regard to case (RFC 8866 §6.6)."
    payload_type: int
    "0 to 127; numbers from 96 mean whatever the rtpmap says (RFC 3551 §6)."
    clock_rate: int = 8000
    "Ticks of the RTP timestamp in a second."
    channels: int = 1
    encoding: tuple[str, int, int] = field(init=False, repr=False, compare=False)
    "What two codecs share when they can talk to each other."

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoding", (self.name.upper(), self.clock_rate, self.channels))

    def same_encoding(self, other: Codec) -> bool:
        """Whether both mean the same encoding, whatever their numbers (RFC 3264 §6.1)."""
        return self.encoding == other.encoding

    @property
    def rtpmap(self) -> str:
        """The value of the `rtpmap` attribute (RFC 8866 §6.6)."""
        channels = f"/{self.channels}" if self.channels != 1 else ""
        return f"{self.payload_type} {self.name}/{self.clock_rate}{channels}"

    @classmethod
    def from_rtpmap(cls, value: str) -> Codec | None:
        """The codec that an `rtpmap` value defines, or None when it breaks the grammar."""
        return _from_rtpmap(value) if len(value) <= LONGEST_RTPMAP else None


@lru_cache(maxsize=1024)  # a rtpmap means the same every time, and few are in use
def _from_rtpmap(value: str) -> Codec | None:
    payload_type, _, encoding = value.strip().partition(" ")
    name, _, rates = encoding.strip().partition("/")
    rate, slash, channels = rates.partition("/")
    numbers = (
        number(payload_type, at_most=MAX_PAYLOAD_TYPE),
        number(rate, at_most=MAX_CLOCK_RATE),
        number(channels, at_most=MAX_CHANNELS) if slash else 1,
    )
    if not name or not numbers[1] or not numbers[2] or numbers[0] is None:
        return None
    return Codec(name, numbers[0], numbers[1], numbers[2])


PCMU = Codec("PCMU", 0)
"G.711 µ-law (RFC 3551 §4.5.14)."
PCMA = Codec("PCMA", 8)
"G.711 A-law (RFC 3551 §4.5.14)."
CODECS = (PCMU, PCMA)
"What is offered unless the user says otherwise: everything that this engine encodes and decodes."

# RFC 3551 table 4. All but two of them are here so that a refusal can name what was offered.
STATIC_CODECS = {
    codec.payload_type: codec
    for codec in (
        PCMU,
        Codec("GSM", 3),
        Codec("G723", 4),
        Codec("DVI4", 5),
        Codec("DVI4", 6, 16000),
        Codec("LPC", 7),
        PCMA,
        Codec("G722", 9),
        Codec("L16", 10, 44100, 2),
        Codec("L16", 11, 44100),
        Codec("QCELP", 12),
        Codec("CN", 13),
        Codec("MPA", 14, 90000),
        Codec("G728", 15),
        Codec("DVI4", 16, 11025),
        Codec("DVI4", 17, 22050),
        Codec("G729", 18),
    )
}
