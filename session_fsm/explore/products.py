"""What is walked: pairs of transactions, calls of many kinds, and what is beside calls. Each is two sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from session_fsm.chart import Chart
from session_fsm.explore.abstract import DIRECTIONS, SIDES, Side
from session_fsm.explore.besides import Apart, alone, besides
from session_fsm.explore.book import Actor, Book
from session_fsm.explore.calling import Bound, CallSide
from session_fsm.explore.forking import ForkSide
from session_fsm.explore.pairs import PAIRS, PairSide
from session_fsm.explore.rules import CALL_CHARTS, TRANSACTION_CHARTS
from session_fsm.explore.search import Found, beginning
from session_fsm.explore.strangers import OpenSide, StrangerSide, everything

MOST_REINVITES = 2
WHOLE_CALL = frozenset({*CALL_CHARTS, "answer", "hold", "peer_hold"})
"The charts whose own properties are proved in calls; those of transactions are proved in pairs."


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Two sides that are walked together."""

    name: str
    bounds: tuple[Bound, Bound] | None = None
    "Of the caller and of the callee; None for a pair of transactions."
    pair: tuple[str, str] | None = None
    patient: bool = False
    "Whether nobody ever gives up, though the sides could."
    forked: bool = False
    "Whether one INVITE reaches two callees."
    stranger: Side | None = None
    "The side, if any, that is not ours and says anything."
    apart: Apart | None = None
    "What it is when it is none of these."

    @property
    def charts(self) -> frozenset[str]:
        """The charts that it is about."""
        if self.apart is not None:
            return frozenset(self.apart.charts)
        return frozenset(self.pair) if self.pair is not None else WHOLE_CALL.union(TRANSACTION_CHARTS)

    @property
    def proves(self) -> frozenset[str]:
        """The charts whose own properties it proves."""
        if self.apart is not None:
            return frozenset(self.apart.proves)
        return frozenset(self.pair) if self.pair is not None else WHOLE_CALL

    @property
    def bound(self) -> str:
        """How far it goes, in words."""
        if self.apart is not None:
            return self.apart.bound + (", nobody gives up" if self.patient else "")
        if self.bounds is None:
            return "one request; its users are free"
        uac, uas = self.bounds
        free = ", nobody gives up" if self.patient else ""
        forked = ", two callees behind a proxy; no media flow" if self.forked else ""
        if self.stranger is not None:
            return f"{uac}; the peer says anything at any time; no media flow"
        return (str(uac) if uac == uas else f"caller: {uac}; callee: {uas}") + free + forked

    def begun(self, charts: Sequence[Chart]) -> Found:
        """Both sides before anything has happened."""
        first, second = self.sides(charts)
        return beginning(Book(first), Book(second), patient=self.patient)

    def sides(self, charts: Sequence[Chart]) -> tuple[Actor, Actor]:
        """Its two sides."""
        if self.apart is not None:
            return self.apart.sides(charts)
        if self.pair is not None:
            return PairSide(charts, "uac", self.pair[0]), PairSide(charts, "uas", self.pair[1])
        assert self.bounds is not None  # a product is of one kind or the other
        if self.stranger is not None:
            return self._strange(charts, self.bounds[0], self.stranger)
        if self.forked:
            return CallSide(charts, "uac", self.bounds[0]), ForkSide(charts, self.bounds[1])
        return CallSide(charts, "uac", self.bounds[0]), CallSide(charts, "uas", self.bounds[1])

    def _strange(self, charts: Sequence[Chart], bound: Bound, stranger: Side) -> tuple[Actor, Actor]:
        theirs = StrangerSide(charts, stranger, everything(stranger, 2 + bound.reinvites))
        if stranger == SIDES[1]:
            return OpenSide(charts, SIDES[0], bound, theirs.said), theirs
        return theirs, OpenSide(charts, SIDES[1], bound, theirs.said)


def products(reinvites: int, charts: Sequence[Chart] = ()) -> list[Product]:
    """What is walked at a bound: transactions pairwise, what is beside calls, every direction, and then whole calls.

    Of these charts those that have no product of their own are walked alone.
    """
    found = [Product(name=f"{client} and {server}", pair=(client, server)) for client, server in PAIRS]
    found += [_apart(one) for one in besides(reinvites)]
    known = WHOLE_CALL.union(TRANSACTION_CHARTS, *(one.charts for one in found))
    found += [_apart(one) for chart in charts if chart.id not in known for one in alone(chart)]
    return found + _calls(reinvites)


def _apart(apart: Apart) -> Product:
    return Product(name=apart.name, patient=apart.patient, apart=apart)


def _calls(reinvites: int) -> list[Product]:
    free = Bound(first=DIRECTIONS, smooth=True, fails=False)
    found = [Product(name="directions of the first offer", bounds=(free, free))]
    if reinvites:
        again = Bound(reinvites=2, retries=0, again=(DIRECTIONS, DIRECTIONS), smooth=True, fails=False)
        still = Bound(smooth=True, fails=False)
        found.append(Product(name="directions of the caller's re-INVITEs", bounds=(again, still)))
        found.append(Product(name="directions of the callee's re-INVITEs", bounds=(still, again)))
    quiet = Bound(fails=False, silent=True)
    found.append(Product(name="calls that fork to two callees", bounds=(quiet, quiet), forked=True))
    if reinvites:
        anything = Bound(reinvites=reinvites - 1, silent=True)
        for side, name in ((SIDES[1], "our caller and a stranger"), (SIDES[0], "our callee and a stranger")):
            found.append(Product(name=name, bounds=(anything, anything), stranger=side))
        update = Bound(reinvites=1, updates="always", named=True)
        found.append(Product(name="calls that change by UPDATE", bounds=(update, update), patient=True))
    bound = Bound(reinvites=reinvites, named=True)
    found.append(Product(name="calls in which nobody gives up", bounds=(bound, bound), patient=True))
    found.append(Product(name="calls", bounds=(bound, bound)))
    return found
