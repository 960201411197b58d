"""What a stream notices by the way, and nobody needs until somebody wonders why it is silent.

Pure: payloads, addresses and times in.
"""

from __future__ import annotations

Address = tuple[str, int]
Seconds = float

ZEROS = {"PCMU": b"\xff\x7f", "PCMA": b"\xd5\x55"}
"Codec name -> the octets that stand for no sound at all."


class Noticed:
    """Plain attributes, written where the packets pass. A time is None for what has not happened."""

    __slots__ = ("payload", "refusal", "sound_at", "stranger", "written_at")

    def __init__(self) -> None:
        self.payload = b""
        "What the peer's last packet held."
        self.sound_at: Seconds | None = None
        "When it was last seen to hold more than digital silence. It is looked at now and then only."
        self.written_at: Seconds | None = None
        "When audio of the application's last left."
        self.stranger: Address | None = None
        "Where the last packet came from that was dropped as a stranger's."
        self.refusal = ""
        "Why the last packet of ours that was refused was refused."

    def listen(self, codec: str, now: Seconds) -> None:
        """Look at the last packet: is it sound?"""
        if self.payload and self.payload.strip(ZEROS.get(codec, b"")):
            self.sound_at = now
