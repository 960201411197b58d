"""A hole in what is heard: the sound goes on, fades, and is silence soon enough."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from session_fsm.audio import FRAME_SAMPLES, Concealment, Samples, Tone, goertzel


def heard(hz: float, frames: int = 4) -> tuple[Concealment, list[Samples]]:
    """A concealment that has heard so much of a tone, and what would have come next."""
    tone = list(islice(Tone(hz), frames + 4))
    concealment = Concealment()
    for frame in tone[:frames]:
        concealment.hear(frame)
    return concealment, tone[frames:]


@pytest.mark.parametrize("hz", [100, 150, 200, 440, 880])
def test_a_steady_sound_goes_on(hz):
    """Where the period was found, the first ten milliseconds are what would have come, within five per cent."""
    concealment, missing = heard(hz)

    made = concealment.fill(FRAME_SAMPLES)[:80].astype(float)

    expected = missing[0][:80].astype(float)
    assert np.sqrt(np.mean((made - expected) ** 2)) < 0.05 * np.sqrt(np.mean(expected**2))


def test_it_fades_and_is_silent_after_60_ms():
    """G.711 Appendix I.2.5 and I.2.6: nobody believes a sound that stands still."""
    concealment, _ = heard(440)

    powers = [goertzel(concealment.fill(FRAME_SAMPLES), 440, 8000) for _ in range(4)]

    assert powers[0] > powers[1] > powers[2] > 0.0
    assert 0.0 == powers[3]


def test_what_is_heard_again_begins_a_new_hole():
    """The next loss is concealed from what was heard last, at full strength."""
    concealment, missing = heard(440)
    for _ in range(5):
        concealment.fill(FRAME_SAMPLES)
    concealment.hear(missing[3])

    assert concealment.audible
    assert 7000 < abs(concealment.fill(FRAME_SAMPLES)).max()


def test_before_anything_was_heard_there_is_silence():
    concealment = Concealment()

    assert (False, 0) == (concealment.audible, int(np.count_nonzero(concealment.fill(FRAME_SAMPLES))))


def test_little_was_heard():
    """One packet of 10 ms, or of nothing, is still something to go on with."""
    concealment = Concealment()
    concealment.hear(np.zeros(0, np.int16))
    concealment.hear(np.full(80, 1000, np.int16))

    assert 1000 == concealment.fill(FRAME_SAMPLES)[0]


def test_the_pieces_fit():
    """Filled sample by sample or at once, the sound is the same."""
    one, _ = heard(300)
    other, _ = heard(300)

    pieces = np.concatenate([one.fill(n) for n in (1, 79, 200, 40)])

    assert np.array_equal(other.fill(320), pieces)
