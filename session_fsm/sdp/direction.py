"""Which way media flows in a stream, seen from the side that says so (RFC 8866 §6.7, RFC 3264 §6.1)."""

from __future__ import annotations

from enum import StrEnum


class MediaDirection(StrEnum):
    """The direction of a stream, from the point of view of whoever wrote the description."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @classmethod
    def of(cls, *, sends: bool, receives: bool) -> MediaDirection:
        """The direction in which these two ways are open."""
        return _BY_WAYS[sends, receives]

    @property
    def sends(self) -> bool:
        """Whether its writer sends."""
        return self is MediaDirection.SENDRECV or self is MediaDirection.SENDONLY

    @property
    def receives(self) -> bool:
        """Whether its writer receives."""
        return self is MediaDirection.SENDRECV or self is MediaDirection.RECVONLY

    @property
    def reversed(self) -> MediaDirection:
        """The same stream as the other side sees it."""
        return MediaDirection.of(sends=self.receives, receives=self.sends)

    def narrowed_by(self, peer: MediaDirection) -> MediaDirection:
        """What is left of our own wish when the peer wishes `peer`: never more than either of the two."""
        return _NARROWED[self, peer]


_BY_WAYS = {
    (True, True): MediaDirection.SENDRECV,
    (True, False): MediaDirection.SENDONLY,
    (False, True): MediaDirection.RECVONLY,
    (False, False): MediaDirection.INACTIVE,
}
_NARROWED = {
    (ours, peer): MediaDirection.of(sends=ours.sends and peer.receives, receives=ours.receives and peer.sends)
    for ours in MediaDirection
    for peer in MediaDirection
}
