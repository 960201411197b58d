"""A session description as a value: text to value and back, unknown lines and their order kept.

Reads what peers write, not only what RFC 8866 allows: bare LF, missing `s=` and `t=`, lines in odd order, line types
that nobody knows. What it does not forgive breaks the structure: a line without a type, numbers out of range, no `v=0`
or no `o=`. Time is linear in the input. Nothing here decides anything: that is `negotiate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from session_fsm.errors import Malformed
from session_fsm.frozen import maker_of, plain
from session_fsm.sdp.codec import MAX_PAYLOAD_TYPE, STATIC_CODECS, Codec
from session_fsm.sdp.direction import MediaDirection
from session_fsm.sdp.numbers import number

Line = tuple[str, str]
"The type of a line, one character, and its value: `a=sendrecv` has the type `a` and the value `sendrecv`."

MAX_PORT = 65535
MAX_ORIGIN_NUMBER = 2**64 - 1  # RFC 3264 §5: session id and version fit a 64 bit signed integer; unsigned ones occur
USUAL_FORMATS, USUAL_LENGTH = 32, 1000  # formats of a stream and characters of them and their rtpmaps
USUAL_CONNECTION = 80  # characters; an IPv6 address with its suffixes has under 60
DEFAULT_TIMING = "0 0"  # RFC 3264 §5: a session that signalling starts and ends
_DIRECTIONS = {str(direction): direction for direction in MediaDirection}


@plain
@dataclass(frozen=True, slots=True)
class Origin:
    """The `o=` line: who made this description, and which version of it this is (RFC 8866 §5.2)."""

    username: str
    session_id: int
    version: int
    address_type: str
    address: str

    @classmethod
    def parse(cls, value: str) -> Origin:
        """Read an `o=` value. What stands before the last five words is the user name, spaces and all."""
        words = value.rsplit(None, 5)
        if len(words) != 6 or words[3] != "IN":
            raise Malformed("o= line, RFC 8866 §5.2", value)
        session_id = number(words[1], at_most=MAX_ORIGIN_NUMBER)
        version = number(words[2], at_most=MAX_ORIGIN_NUMBER)
        if session_id is None or version is None:
            raise Malformed("o= numbers, RFC 8866 §5.2", value)
        return _origin(words[0], session_id, version, words[4], words[5])

    def __str__(self) -> str:
        return f"{self.username} {self.session_id} {self.version} IN {self.address_type} {self.address}"


@plain
@dataclass(frozen=True, slots=True)
class Connection:
    """A `c=` line: where the writer wants to receive (RFC 8866 §5.7)."""

    network: str
    address_type: str
    address: str
    "As written, with the multicast suffixes `/ttl` and `/count` if there are any."

    @classmethod
    def parse(cls, value: str) -> Connection:
        """Read a `c=` value."""
        return (_connection_cached if len(value) <= USUAL_CONNECTION else _connection_of)(value)

    @property
    def host(self) -> str:
        """The address without its multicast suffixes."""
        return self.address.partition("/")[0]

    def __str__(self) -> str:
        return f"{self.network} {self.address_type} {self.address}"


@plain
class _Lines:
    """What a session and a media section have in common: lines with connection, direction and attributes."""

    __slots__ = ()
    lines: tuple[Line, ...]

    @property
    def connection(self) -> Connection | None:
        """The section's own `c=` line; the first one where a multicast session has several."""
        value = self.value("c")
        return Connection.parse(value) if value is not None else None

    @property
    def direction(self) -> MediaDirection | None:
        """The section's own direction attribute, None when it has none (RFC 8866 §6.7)."""
        for kind, value in self.lines:
            if kind == "a" and value in _DIRECTIONS:
                return _DIRECTIONS[value]
        return None

    @property
    def attributes(self) -> tuple[tuple[str, str], ...]:
        """Every `a=` line as name and value, in order; a flag such as `sendrecv` has an empty value."""
        split = (value.partition(":") for kind, value in self.lines if kind == "a")
        return tuple((name, value) for name, _, value in split)

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of this name, None when there is none."""
        return self.by_name().get(name)

    def by_name(self) -> dict[str, str]:
        """Name to value of every attribute, the first where a name comes more than once: for whoever wants several."""
        found: dict[str, str] = {}
        for kind, value in self.lines:
            if kind == "a":
                name, _, rest = value.partition(":")
                if name not in found:
                    found[name] = rest
        return found

    def value(self, kind: str) -> str | None:
        """The value of the first line of this type."""
        for found, value in self.lines:
            if found == kind:
                return value
        return None


@plain
@dataclass(frozen=True, slots=True)
class MediaDescription(_Lines):
    """One `m=` line and the lines below it (RFC 8866 §5.14)."""

    kind: str
    "audio, video, text, application, message or image."
    port: int
    "Where the writer receives; 0 refuses the stream (RFC 3264 §6)."
    protocol: str
    formats: tuple[str, ...]
    "For RTP the payload type numbers, in order of preference."
    port_count: int = 1
    lines: tuple[Line, ...] = ()
    "Everything below the `m=` line, in the order in which it was written."

    @classmethod
    def parse(cls, value: str, lines: Sequence[Line] = ()) -> MediaDescription:
        """Read an `m=` value; `lines` are those that follow it."""
        words = value.split()
        if len(words) < 4:
            raise Malformed("m= line, RFC 8866 §5.14", value)
        first, slash, count = words[1].partition("/")
        port = number(first, at_most=MAX_PORT)
        port_count = number(count, at_most=MAX_PORT) if slash else 1
        if port is None or not port_count:
            raise Malformed("m= port, RFC 8866 §5.14", value)
        return _media(words[0], port, words[2], tuple(words[3:]), port_count, tuple(lines))

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """The codecs that the formats mean, in order; formats that mean nothing are left out (RFC 3264 §6.1)."""
        maps = tuple([value[7:] for kind, value in self.lines if kind == "a" and value.startswith("rtpmap:")])
        usual = len(self.formats) <= USUAL_FORMATS and sum(map(len, (*self.formats, *maps))) <= USUAL_LENGTH
        return (_codecs_cached if usual else _codecs)(self.formats, maps)

    def __str__(self) -> str:
        count = f"/{self.port_count}" if self.port_count != 1 else ""
        return f"{self.kind} {self.port}{count} {self.protocol} {' '.join(self.formats)}"


@plain
@dataclass(frozen=True, slots=True)
class SessionDescription(_Lines):
    """A whole description: origin, the session's lines, and its media sections in order (RFC 8866 §5)."""

    origin: Origin
    lines: tuple[Line, ...] = ()
    "The session's own lines below `v=` and `o=`, in the order in which they were written."
    media: tuple[MediaDescription, ...] = ()

    @classmethod
    def parse(cls, text: str | bytes) -> SessionDescription:
        """Read a description. Raises Malformed, and nothing else."""
        lines = _split(text)
        if lines[:1] != [("v", "0")]:
            raise Malformed("v=0 comes first, RFC 8866 §5.1", "=".join(lines[0]) if lines else "")
        origins: list[str] = []
        session: list[Line] = []
        sections: list[tuple[str, list[Line]]] = []
        section = session
        for line in lines[1:]:
            kind, value = line
            if kind == "m":
                section = []
                sections.append((value, section))
            elif kind == "o" and section is session:
                origins.append(value)
            else:
                if kind == "c":
                    Connection.parse(value)
                section.append(line)
        if len(origins) != 1:
            raise Malformed("exactly one o= line, RFC 8866 §5.2", "\n".join(origins))
        media = [MediaDescription.parse(value, below) for value, below in sections]
        return _session(Origin.parse(origins[0]), tuple(session), tuple(media))

    def encode(self) -> bytes:
        """The description as it goes on the wire, with CRLF after every line."""
        parts = ["v=0", f"o={self.origin}", *[f"{kind}={value}" for kind, value in self.lines]]
        for media in self.media:
            parts.append(f"m={media}")
            parts += [f"{kind}={value}" for kind, value in media.lines]
        parts.append("")
        return "\r\n".join(parts).encode("utf-8", "surrogateescape")

    @property
    def timing(self) -> str:
        """The value of the first `t=` line; `0 0` when there is none."""
        return self.value("t") or DEFAULT_TIMING

    def summary(self) -> dict[str, str | int]:
        """What a trace says of this description."""
        session = self.direction
        return {
            "version": self.origin.version,
            "media": "; ".join(f"{media} {media.direction or session or ''}".rstrip() for media in self.media[:8]),
        }

    def with_version(self, version: int) -> SessionDescription:
        """The same description under another version number."""
        return replace(self, origin=replace(self.origin, version=version))


_origin, _connection = maker_of(Origin), maker_of(Connection)
_media, _session = maker_of(MediaDescription), maker_of(SessionDescription)


def _connection_of(value: str) -> Connection:
    words = value.split()
    if len(words) != 3:
        raise Malformed("c= line, RFC 8866 §5.7", value)
    return _connection(*words)


_connection_cached = lru_cache(maxsize=256)(_connection_of)  # the same few peers come again, and each is read twice


def _codecs(formats: tuple[str, ...], maps: tuple[str, ...]) -> tuple[Codec, ...]:
    mapped = STATIC_CODECS.copy()
    for codec in map(Codec.from_rtpmap, maps):
        if codec is not None:
            mapped[codec.payload_type] = codec
    numbers = dict.fromkeys(number(word, at_most=MAX_PAYLOAD_TYPE) for word in formats)
    return tuple(mapped[found] for found in numbers if found is not None and found in mapped)


_codecs_cached = lru_cache(maxsize=256)(_codecs)  # every call of one kind of peer offers the same codecs


def _split(text: str | bytes) -> list[Line]:
    """The lines of a description. Empty ones are dropped, and so is the CR before a line's end."""
    plain = _decode(text).replace("\r\n", "\n")
    # RFC 8866 §9: a byte-string holds no NUL, CR or LF. A CR that went through would start a line of its own for the
    # next reader.
    if "\r" in plain or "\0" in plain:
        raise Malformed("byte-string, RFC 8866 §9", text)
    pairs = []
    for line in plain.split("\n"):
        if line[1:2] == "=":
            pairs.append((line[0], line[2:]))
        elif line:
            raise Malformed("type=value, RFC 8866 §5", line)
    return pairs


def _decode(text: str | bytes) -> str:
    """Text that gives its bytes back when it is encoded: SDP may be written in any character set."""
    if isinstance(text, str):
        try:
            text = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise Malformed("text that is no UTF-8", "") from error
    return text.decode("utf-8", "surrogateescape")
