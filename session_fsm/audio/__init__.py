"""Audio as numpy int16: G.711, tones, WAV files, and how to tell what was heard. Knows no sockets, clock or dice."""

from __future__ import annotations

from session_fsm.audio.concealment import Concealment
from session_fsm.audio.correlation import Match, correlate
from session_fsm.audio.g711 import (
    ALAW_SILENCE,
    ULAW_SILENCE,
    Octets,
    Samples,
    decode_alaw,
    decode_ulaw,
    encode_alaw,
    encode_ulaw,
)
from session_fsm.audio.tone import FRAME_SAMPLES, SAMPLE_RATE, Tone, goertzel, hears, silence
from session_fsm.audio.wav import WavWriter, read_wav, wav_blocks

__all__ = [
    "ALAW_SILENCE",
    "FRAME_SAMPLES",
    "SAMPLE_RATE",
    "ULAW_SILENCE",
    "Concealment",
    "Match",
    "Octets",
    "Samples",
    "Tone",
    "WavWriter",
    "correlate",
    "decode_alaw",
    "decode_ulaw",
    "encode_alaw",
    "encode_ulaw",
    "goertzel",
    "hears",
    "read_wav",
    "silence",
    "wav_blocks",
]
