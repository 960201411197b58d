"""The products beside calls: registering, challenges, digits and quality."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from session_fsm.chart import Chart
from session_fsm.explore import challenging, digits, registering
from session_fsm.explore.abstract import SIDES, Message
from session_fsm.explore.alone import AloneSide
from session_fsm.explore.book import Actor
from session_fsm.explore.measuring import MeasuringSide
from session_fsm.explore.strangers import StrangerSide

UAC, UAS = SIDES

Sides = tuple[Actor, Actor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """What is no call and no pair of transactions."""

    name: str
    charts: tuple[str, ...]
    "Those whose rows it is there for."
    proves: tuple[str, ...]
    "Those whose own properties it proves."
    bound: str
    sides: Callable[[Sequence[Chart]], Sides]
    promises: tuple[str, ...] = ()
    "What it proves of `promises.PROMISES`."
    patient: bool = False
    "Whether nobody ever gives up."


def besides(reinvites: int) -> Iterator[Apart]:
    """Everything beside calls, at a bound."""
    yield from _registering(min(1 + reinvites, 2))
    yield from (_challenged(method) for method in ("INVITE", "OPTIONS"))
    yield from _digits(2 + reinvites, strange=reinvites > 0)
    yield Apart(
        name="quality of what is heard",
        charts=("quality",),
        proves=("quality",),
        bound="any band in each interval; the call ends at any time",
        promises=("changes-are-told", "better-has-lasted"),
        sides=lambda charts: (MeasuringSide(charts, UAC), _silent(charts)),
    )


def alone(chart: Chart) -> Iterator[Apart]:
    """One chart by itself; one that has two sides, each side."""

    def sides(side: int, charts: Sequence[Chart]) -> Sides:
        mine = next(one for one in charts if one.id == chart.id)
        return AloneSide(mine, SIDES[side]), StrangerSide((), UAS, ())

    for number, side in enumerate(SIDES if chart.sided else SIDES[:1]):
        yield Apart(
            name=f"{chart.id} alone" + (f" as {side}" if chart.sided else ""),
            charts=(chart.id,),
            proves=(chart.id,),
            bound="everything comes at any time, every guard is tried both ways",
            sides=partial(sides, number),
        )


def _registering(most: int) -> Iterator[Apart]:
    def honest(most: int, charts: Sequence[Chart]) -> Sides:
        return registering.RegisteringSide(charts, UAC, most), registering.RegistrarSide(charts, UAS)

    def strange(charts: Sequence[Chart]) -> Sides:
        return registering.RegisteringSide(charts, UAC, None), _stranger(charts, registering.any_answer(UAS))

    charts = ("registration", "authentication")
    always = ("registered-by-2xx", "no-rejected-answer-again")
    for patient, times, name in ((True, 2, "a registrar while nobody gives up"), (False, most, "a registrar")):
        yield Apart(
            name=name,
            charts=charts,
            proves=(),
            bound=f"{times} REGISTER, with copies after 423 and challenges; answered in any way, late or never",
            sides=partial(honest, times),
            promises=(*always, "registered-is-kept", *(("left-is-forgotten",) if patient else ())),
            patient=patient,
        )
    yield Apart(
        name="a registrar that says anything",
        charts=charts,
        proves=("registration",),
        bound="for ever; any response at any time",
        sides=strange,
        promises=always,
    )


def _challenged(method: str) -> Apart:
    def sides(charts: Sequence[Chart]) -> Sides:
        answers = challenging.any_answer(UAS, method)
        return challenging.ChallengedSide(charts, UAC, method), _stranger(charts, answers)

    return Apart(
        name=f"{method} and challenges",
        charts=("authentication",),
        proves=("authentication",),
        bound="one request and its copies; any response at any time",
        sides=sides,
        promises=("no-rejected-answer-again", "given-up-stays-so", "tries-end", "told-once", "told-at-last"),
    )


def _digits(most: int, *, strange: bool) -> Iterator[Apart]:
    def pair(one: int, two: int, charts: Sequence[Chart]) -> Sides:
        return digits.DigitSide(charts, UAC, one), digits.DigitSide(charts, UAS, two)

    def facing(charts: Sequence[Chart]) -> Sides:
        ours = digits.DigitSide(charts, UAC, 1, open_ended=True)
        return ours, _stranger(charts, digits.anything(UAS, 1))

    both = ("dtmf_sender", "dtmf_receiver")
    ways = ((most, 0, f"{most} digits one way"), (1, 1, "a digit each way"))
    for one, two, bound in ways:
        yield Apart(
            name=bound,
            charts=both,
            proves=both,
            bound="by RTP or INFO, one by one or together, of one or two segments",
            sides=partial(pair, one, two),
            promises=("digits-once", "digits-in-order", "digits-were-heard"),
        )
    if strange:
        yield Apart(
            name="digits and a stranger",
            charts=both,
            proves=both,
            bound="one digit of ours, one of the peer's; any packet, INFO and response at any time",
            sides=facing,
        )


def _stranger(charts: Sequence[Chart], said: Iterator[Message]) -> Actor:
    return StrangerSide(charts, UAS, said)


def _silent(charts: Sequence[Chart]) -> Actor:
    return StrangerSide(charts, UAS, ())
