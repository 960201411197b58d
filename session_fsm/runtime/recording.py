"""A call's audio into a WAV file while it goes on: what was heard, both sides mixed, or a channel a side.

Each side lies where its media time says: the first packet anchors it, RTP timestamps count from there. Where both
sides are recorded they are kept in step, as no two clocks are alike: each is drawn to ours, without a sound. The file
is valid after every write, so a process that is killed leaves all but the last seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from session_fsm.audio import Concealment, Samples, WavWriter
from session_fsm.audio.drift import Drift
from session_fsm.audio.timeline import HEARD, SAID, RecordMode, Timeline
from session_fsm.audio.tone import SAMPLE_RATE
from session_fsm.audio.wav import resampler
from session_fsm.rtp import LostFrames, RtpPacket
from session_fsm.runtime.framing import Decode, Framing

Seconds = float

WINDOW = 3 * SAMPLE_RATE  # samples that wait for the other side: more than a jitter buffer may hold back
WRITE_AT = SAMPLE_RATE  # samples; one write a second
# RTP time and our clock may differ by this much before a side is anchored anew: its source began again. Less than that
# is the network's doing, which the timestamps are there to mend.
STRAYS = 2.5  # seconds

LOG = logging.getLogger("session_fsm.media")


class CallRecording:
    """Records one call until it is closed, or the call ends. Made by `Call.record`; a context manager, if you like.

    What cannot be written (a full disk) ends the recording, not the call: `failure` says why.
    """

    def __init__(
        self, path: str | Path, mode: RecordMode, clock: Callable[[], Seconds], rate: int = SAMPLE_RATE
    ) -> None:
        self.path = Path(path)
        self.mode = mode
        self.failure: OSError | None = None
        "Why nothing more could be written; None while all is well."
        self.closed = False
        self._clock = clock
        self._timeline = Timeline(mode, WINDOW)
        self._began_at: Seconds | None = None
        self._anchors: list[tuple[int, int] | None] = [None, None]
        self._drifts = [Drift(), Drift()]
        self._framing = Framing(concealment=Concealment())
        self._resampled = resampler(rate, mode.channels, self.path) if rate != SAMPLE_RATE else None
        self._file = WavWriter(self.path, rate, mode.channels)

    @property
    def seconds(self) -> Seconds:
        """How long what has been written is."""
        return self._file.samples / self._file.rate

    def __str__(self) -> str:
        failed = f", and then: {self.failure.strerror}" if self.failure else ""
        return f"{self.path}: {self.seconds:.2f} s, {self.mode}{failed}"

    def note_arrival(self, timestamp: int) -> None:
        """For the media plane: a packet of the peer's has just come, and is heard sooner or later."""
        self._note(HEARD, timestamp)

    def hear(self, decode: Decode, heard: RtpPacket | LostFrames) -> None:
        """For the media plane: what the peer sent, in order."""
        for frame in self._framing.cut(decode, heard):
            self._put(HEARD, frame.timestamp, frame.samples)

    def say(self, decode: Decode, timestamp: int, payload: bytes) -> None:
        """For the media plane: what has left."""
        if SAID in self.mode.sides:
            self._note(SAID, timestamp)
            self._put(SAID, timestamp, decode(payload))

    def close(self) -> None:
        """Write what is left, and close the file. A second time does nothing."""
        if self.closed:
            return
        for frame in self._framing.rest():
            self._put(HEARD, frame.timestamp, frame.samples)
        self._write([self._timeline.rest()], last=True)
        self.closed = True
        self._file.close()

    def __enter__(self) -> CallRecording:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, side: int, timestamp: int, samples: Samples) -> None:
        if self.closed or not len(samples):
            return
        place = self._place(side, timestamp)
        due = self._timeline.put(side, max(place, 0), self._drifts[side].fit(samples))
        now = self._now()
        if now - WINDOW - self._timeline.start >= WRITE_AT:
            due.append(self._timeline.take(now - WINDOW))
        self._write(due)

    def _note(self, side: int, timestamp: int) -> None:
        """See how late this comes by our clock. One side alone has nothing to keep step with."""
        if self.closed or SAID not in self.mode.sides:
            return
        now, anchor = self._now(), self._anchors[side]
        if anchor is None:
            self._anchors[side] = now, timestamp
        elif abs((late := now - _led(anchor, timestamp)) - self._drifts[side].correction) <= STRAYS * SAMPLE_RATE:
            self._drifts[side].note(now, late)

    def _now(self) -> int:
        """Our clock's place on the axis."""
        if self._began_at is None:
            self._began_at = self._clock()
        return round((self._clock() - self._began_at) * SAMPLE_RATE)

    def _place(self, side: int, timestamp: int) -> int:
        """Where audio with this RTP timestamp lies."""
        now, anchor = self._now(), self._anchors[side]
        if anchor is not None:
            said = _led(anchor, timestamp)
            place = said + self._drifts[side].correction
            if abs(place - now) <= STRAYS * SAMPLE_RATE:
                self._anchors[side] = said, timestamp
                return place
        self._anchors[side], self._drifts[side] = (now, timestamp), Drift()
        return now

    def _write(self, pieces: list[Samples], *, last: bool = False) -> None:
        try:
            for piece in pieces:
                self._file.write(piece if self._resampled is None else self._resampled(piece, last))
        except OSError as error:
            self.failure, self.closed = error, True
            self._file.close()
            LOG.warning("The recording %s ends: %s. The call goes on.", self.path, error.strerror)


def _led(anchor: tuple[int, int], timestamp: int) -> int:
    """The place to which an RTP timestamp leads from an anchor's place and timestamp, modulo 2**32."""
    return anchor[0] + (timestamp - anchor[1] + 0x80000000 & 0xFFFFFFFF) - 0x80000000
