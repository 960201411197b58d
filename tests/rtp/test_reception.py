"""RFC 3550 A.1, A.3 and A.8, against a transcription of the RFC's own C."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.rtp import MIN_SEQUENTIAL, Reception, Validity

FRAME = 160  # ticks of 20 ms at 8 kHz


def fed(sequences: Iterable[int], probation: int = 0) -> tuple[Reception, list[Validity]]:
    """A reception that got these sequence numbers, evenly paced."""
    reception = Reception(probation=probation)
    steps = enumerate(sequences)
    return reception, [reception.update(number, FRAME * at, 0.02 * at) for at, number in steps]


class Source:
    """RFC 3550 A.1 and A.3, line by line."""

    def __init__(self, seq: int) -> None:
        self.init_seq(seq)
        self.max_seq = (seq - 1) & 0xFFFF
        self.probation = MIN_SEQUENTIAL

    def init_seq(self, seq: int) -> None:
        self.base_seq = self.max_seq = seq
        self.bad_seq = (1 << 16) + 1
        self.cycles = self.received = self.received_prior = self.expected_prior = 0

    def update_seq(self, seq: int) -> int:
        udelta = (seq - self.max_seq) & 0xFFFF
        if self.probation:
            # The C compares with max_seq + 1 in int; sixteen bits are what it means.
            if seq == (self.max_seq + 1) & 0xFFFF:
                self.probation -= 1
                self.max_seq = seq
                if self.probation == 0:
                    self.init_seq(seq)
                    self.received += 1
                    return 1
            else:
                self.probation = MIN_SEQUENTIAL - 1
                self.max_seq = seq
            return 0
        elif udelta < 3000:
            if seq < self.max_seq:
                self.cycles += 1 << 16
            self.max_seq = seq
        elif udelta <= (1 << 16) - 100:
            if seq == self.bad_seq:
                self.init_seq(seq)
            else:
                self.bad_seq = (seq + 1) & 0xFFFF
                return 0
        self.received += 1
        return 1

    def fraction(self) -> tuple[int, int]:
        expected = self.cycles + self.max_seq - self.base_seq + 1
        lost = expected - self.received
        expected_interval = expected - self.expected_prior
        self.expected_prior = expected
        received_interval = self.received - self.received_prior
        self.received_prior = self.received
        lost_interval = expected_interval - received_interval
        if expected_interval == 0 or lost_interval <= 0:
            return 0, lost
        return (lost_interval << 8) // expected_interval, lost


STEPS = st.lists(st.sampled_from([1, 1, 1, 1, 2, 5, -1, -3, 0, 99, 2999, 3000, 30000, -99, -101]), max_size=60)


@given(st.integers(0, 65535), STEPS, st.integers(1, 9))
def test_any_arrival_order_counts_as_the_rfc_counts(first: int, steps: list[int], every: int):
    """Validity, cycles, expected, lost and fraction agree with A.1 and A.3 after each packet."""
    source, reception = Source(first), Reception(probation=MIN_SEQUENTIAL)
    number = first
    for at, step in enumerate([0, *steps]):
        number = (number + step) & 0xFFFF
        valid = reception.update(number, 0, 0.0) in (Validity.VALID, Validity.RESTART)
        assert bool(source.update_seq(number)) == valid
        assert (source.received, source.cycles) == (reception.received, reception.cycles)
        if source.received and not at % every:
            report = reception.report(7)
            assert source.fraction() == (report.fraction_lost, report.cumulative_lost)
            assert source.cycles + source.max_seq == report.highest_sequence


def test_a_negotiated_source_counts_from_its_first_packet():
    """Without probation nothing is dropped."""
    reception, validities = fed([9])

    assert ([Validity.VALID], 1, 0) == (validities, reception.expected, reception.lost)


def test_an_unknown_source_must_send_two_in_sequence():
    """RFC 3550 A.1: MIN_SEQUENTIAL."""
    _, validities = fed([9, 10, 11], probation=MIN_SEQUENTIAL)

    assert [Validity.PROBATION, Validity.VALID, Validity.VALID] == validities


def test_probation_passes_over_the_wrap():
    """65535 and 0 are in sequence."""
    _, validities = fed([65535, 0], probation=MIN_SEQUENTIAL)

    assert Validity.VALID is validities[-1]


def test_the_sequence_number_wraps():
    """RFC 3550 A.1: the extended number goes on counting."""
    reception, _ = fed([65534, 65535, 0, 1])

    assert (65536 + 1, 4, 0) == (reception.highest, reception.expected, reception.lost)


def test_a_jump_counts_for_nothing():
    """One stray packet changes no figure."""
    reception, validities = fed([10, 11, 40000, 12])

    assert ([Validity.JUMP], 3, 0) == (validities[2:3], reception.received, reception.lost)


def test_a_jump_that_goes_on_is_a_restart():
    """RFC 3550 A.1: two in sequence, and the source is taken to have started anew."""
    reception, validities = fed([10, 11, 40000, 40001, 40002])

    assert (Validity.RESTART, 40001, 2, 0) == (validities[3], reception.base, reception.received, reception.lost)


def test_duplicates_make_loss_negative():
    """RFC 3550 A.3: they count as received."""
    reception, _ = fed([1, 2, 2, 2])

    assert -2 == reception.report(7).cumulative_lost


def test_the_fraction_counts_since_the_last_report():
    """RFC 3550 A.3: one lost of four expected is 64 of 256, and the next report begins at zero."""
    reception, _ = fed([1, 2, 4])

    assert [64, 0] == [reception.report(7).fraction_lost, reception.report(7).fraction_lost]


def test_perfect_pacing_has_no_jitter():
    """Arrivals as far apart as the timestamps."""
    reception, _ = fed(range(50))

    assert pytest.approx(0.0, abs=1e-9) == reception.jitter_ms


def test_jitter_is_unknown_before_two_packets():
    """A figure that was not measured is None."""
    assert (None, None) == (Reception().jitter_ms, fed([1])[0].jitter_ms)


def test_jitter_moves_a_sixteenth_of_the_difference():
    """RFC 3550 §6.4.1: one packet 16 ms late adds 16 ms / 16."""
    reception = Reception()
    for at, arrival in enumerate([0.0, 0.02, 0.056]):
        reception.update(at, FRAME * at, arrival)

    assert pytest.approx(1.0) == reception.jitter_ms


@given(st.lists(st.floats(0.0, 0.2), min_size=2, max_size=40), st.integers(0, 2**32 - 1))
def test_jitter_knows_no_wrap(delays: list[float], first: int):
    """A timestamp that wraps gives the jitter of one that does not (RFC 3550 A.8)."""
    plain, wrapped = Reception(), Reception()
    for at, delay in enumerate(delays):
        plain.update(at, FRAME * at, 0.02 * at + delay)
        wrapped.update(at, (first + FRAME * at) % 2**32, 0.02 * at + delay)

    assert plain.jitter == wrapped.jitter


@given(st.lists(st.integers(0, 4000), min_size=2, max_size=40))
def test_jitter_is_the_rfcs_formula(transits: list[int]):
    """RFC 3550 A.8, in exact steps: J += (|D| - J) / 16."""
    reception = Reception()
    expected, before = 0.0, None
    for at, transit in enumerate(transits):
        reception.update(at, FRAME * at, (FRAME * at + transit) / 8000)
        if before is not None:
            expected += (abs(transit - before) - expected) / 16
        before = transit

    assert pytest.approx(expected, abs=1e-6) == reception.jitter
