"""RTP and RTCP: bytes to values and back, and the arithmetic of RFC 3550. Knows no sockets, clock or dice."""

from __future__ import annotations

from session_fsm.rtp.quality import MediaMetrics, MediaQuality, classify

__all__ = ["MediaMetrics", "MediaQuality", "classify"]
