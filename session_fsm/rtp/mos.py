"""How a call sounds to people, estimated from what was measured: the E-model of ITU-T G.107, simplified.

R = 93.2 - Id - Ie,eff: every parameter of G.107 but loss, delay and codec has its default, which makes Ro - Is = 93.2
and A = 0. Then MOS from R as G.107 Annex B has it. Pure arithmetic. An estimate, not a listening test: noise, echo and
loudness are not known here.
"""

from __future__ import annotations

from dataclasses import dataclass

Seconds = float

DEFAULT_R = 93.2  # G.107 §7.7: all parameters at their defaults
BURST_RATIO = 1.0  # G.107 §7.5: losses as if independent
KNEE_MS = 177.3  # mouth-to-ear delay above which conversation suffers; Cole and Rosenbluth 2001


@dataclass(frozen=True, slots=True)
class Impairment:
    """What a codec does to speech (ITU-T G.113 Appendix I)."""

    ie: float
    "Equipment impairment factor without loss."
    bpl: float
    "Robustness against packet loss."


G711 = Impairment(ie=0.0, bpl=4.3)
"G.711 whose losses are silence."
G711_CONCEALED = Impairment(ie=0.0, bpl=25.1)
"G.711 with packet loss concealment."


def r_factor(loss: float, delay: Seconds, codec: Impairment = G711_CONCEALED) -> float:
    """The transmission rating, 0 to 93.2, for this share of lost frames (0.0 to 1.0) and delay from mouth to ear."""
    percent = 100 * loss
    # G.107 §7.5: Ie,eff = Ie + (95 - Ie) * Ppl / (Ppl / BurstR + Bpl)
    equipment = codec.ie + (95 - codec.ie) * percent / (percent / BURST_RATIO + codec.bpl)
    return max(DEFAULT_R - delay_impairment(delay) - equipment, 0.0)


def delay_impairment(delay: Seconds) -> float:
    """Id of G.107 §7.4 for a call without echo.

    Source: R. G. Cole, J. H. Rosenbluth, "Voice over IP performance monitoring", 2001: 0.024 d + 0.11 (d - 177.3) above
    177.3 ms, with d in milliseconds.
    """
    milliseconds = delay * 1000
    return 0.024 * milliseconds + 0.11 * max(milliseconds - KNEE_MS, 0.0)


def mos_of(r: float) -> float:
    """The mean opinion score, 1.0 (bad) to 4.5, of a transmission rating (G.107 Annex B)."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    # Below R = 6.5 the polynomial of Annex B dips under 1, which no opinion does.
    return max(1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6, 1.0)
