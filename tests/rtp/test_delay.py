"""How long packets should wait: not at all while they come evenly, as long as they need when they do not."""

from __future__ import annotations

import random
from collections.abc import Iterable

from session_fsm.rtp import PlayoutDelay

FRAME, PERIOD = 160, 0.02


def waits(transits: Iterable[float], delay: PlayoutDelay | None = None, first: int = 0) -> list[float]:
    """How long each packet should wait, given how long each was on its way."""
    delay = delay or PlayoutDelay(0.0, 0.2)
    return [
        delay.note((first + FRAME * n) & 0xFFFFFFFF, 50.0 + PERIOD * n + transit) for n, transit in enumerate(transits)
    ]


def test_even_packets_do_not_wait():
    """A few milliseconds of unevenness are less than a packet's length: waiting would mend nothing."""
    dice = random.Random(1)

    assert {0.0} == set(waits(dice.uniform(0.0, 0.004) for _ in range(500)))


def test_uneven_packets_wait_for_the_slow_ones():
    """With transit times of up to 60 ms nearly every packet is there at its turn, which comes steadily."""
    dice = random.Random(1)
    transits = [dice.uniform(0.0, 0.06) for _ in range(1000)]

    turns = [transit + wait for transit, wait in zip(transits, waits(transits), strict=True)][100:]

    assert 0.06 < min(turns)
    assert max(turns) < 0.16


def test_calm_lets_the_delay_fall_again():
    """What was learnt in a storm is forgotten within some seconds."""
    dice = random.Random(1)
    storm = [dice.uniform(0.0, 0.06) for _ in range(200)]

    told = waits([*storm, *[0.02] * 400])

    assert (True, 0.0) == (told[199] > 0.0 or told[198] > 0.0, told[-1])


def test_the_bounds_hold_whatever_comes():
    """Not less than the least, not more than the most, beyond the average transit time."""
    dice = random.Random(2)
    delay = PlayoutDelay(0.03, 0.08)
    targets = []
    for n in range(2000):
        wait = delay.note(FRAME * n, PERIOD * n + dice.choice((0.0, 0.01, 0.3)))
        targets.append(delay.target)
        assert 0.0 <= wait <= 0.08

    assert (True, True) == (min(targets) >= 0.03, max(targets) <= 0.08)


def test_a_spike_is_ridden_and_leaves_little():
    """Ramjee's spike: everything is held up for 300 ms and comes at once. The average goes along and comes back."""
    delay = PlayoutDelay(0.0, 0.2)
    transits = [0.01] * 100 + [0.31 - PERIOD * n for n in range(15)] + [0.01] * 100
    waits(transits, delay)

    assert delay.average is not None
    assert abs(delay.average - 50.01) < 0.005
    assert delay.target < 0.06


def test_another_media_clock_begins_anew():
    """Timestamps that jump by a minute are the peer's doing, not the network's."""
    delay = PlayoutDelay(0.0, 0.2)
    waits([0.0] * 10, delay)

    assert 0.0 == delay.note(60 * 8000, 50.2)
    assert 0.0 == delay.note(60 * 8000 + FRAME, 50.22)


def test_silence_that_was_not_sent_is_no_delay():
    """With DTX timestamps and arrivals jump together."""
    delay = PlayoutDelay(0.0, 0.2)

    assert [0.0, 0.0, 0.0] == [delay.note(FRAME * n, PERIOD * n) for n in (0, 1, 300)]


def test_timestamps_wrap():
    """The difference counts, modulo 2**32."""
    assert {0.0} == set(waits([0.0] * 10, first=2**32 - 3 * FRAME))
