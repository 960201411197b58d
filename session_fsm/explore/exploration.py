"""Everything that `explore` walks and proves: the products, the properties, the rows, and a run for each violation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from session_fsm.chart import Chart
from session_fsm.explore.abstract import DIRECTIONS, SIDES, Side
from session_fsm.explore.book import Actor, Book
from session_fsm.explore.calling import Bound, CallSide
from session_fsm.explore.counterexample import Run, run_to
from session_fsm.explore.forking import ForkSide
from session_fsm.explore.pairs import PAIRS, PairSide
from session_fsm.explore.properties import Finding, call_findings, chart_findings, claimed, turn_findings
from session_fsm.explore.rules import CALL_CHARTS, TRANSACTION_CHARTS
from session_fsm.explore.search import Found, beginning, walk
from session_fsm.explore.strangers import OpenSide, StrangerSide

MOST_REINVITES = 2
ANYWHERE = ("turn", "together", "never", "always")
"Kinds of findings that need nobody to end the call."

WHOLE_CALL = {*CALL_CHARTS, "answer", "hold", "peer_hold"}
"The charts whose own properties are proved in calls; those of transactions are proved in pairs."

Books = dict[tuple[Bound, Bound], tuple[Book, Book]]
"By the bounds of their sides."

Progress = Callable[[str, int, int], object]
"Told the product's name, how many states were found, and how many of them were walked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A property that does not hold, with the shortest run that shows it."""

    property: str
    what: str
    product: Product
    run: Run


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

    @property
    def bound(self) -> str:
        """How far it goes, in words."""
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
        if self.pair is not None:
            return PairSide(charts, "uac", self.pair[0]), PairSide(charts, "uas", self.pair[1])
        assert self.bounds is not None  # a product is of one kind or the other
        if self.stranger is not None:
            return self._strange(charts, self.bounds[0], self.stranger)
        if self.forked:
            return CallSide(charts, "uac", self.bounds[0]), ForkSide(charts, self.bounds[1])
        return CallSide(charts, "uac", self.bounds[0]), CallSide(charts, "uas", self.bounds[1])

    def _strange(self, charts: Sequence[Chart], bound: Bound, stranger: Side) -> tuple[Actor, Actor]:
        theirs = StrangerSide(charts, stranger, 2 + bound.reinvites)
        if stranger == SIDES[1]:
            return OpenSide(charts, SIDES[0], bound, theirs.said), theirs
        return theirs, OpenSide(charts, SIDES[1], bound, theirs.said)


@dataclass(slots=True, kw_only=True)
class Walked:
    """One product, walked."""

    product: Product
    states: int
    edges: int
    seconds: float
    complete: bool


@dataclass(slots=True)
class Exploration:
    """What was explored and what was found."""

    reinvites: int
    properties: dict[str, str]
    "Name -> a sentence, of those that were asked for."
    walked: list[Walked] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    taken: set[tuple[str, str]] = field(default_factory=set)
    "(chart, row) of every row that was taken."
    rows: list[tuple[str, str]] = field(default_factory=list)
    "Every (chart, row) that there is, in the order of the charts."

    @property
    def bound(self) -> str:
        """How far it went."""
        return "; ".join(f"{walked.product.name}: {walked.product.bound}" for walked in self.walked)

    @property
    def states(self) -> int:
        """States of all products."""
        return sum(walked.states for walked in self.walked)

    @property
    def edges(self) -> int:
        """What leads from one state to another, in all products."""
        return sum(walked.edges for walked in self.walked)

    @property
    def seconds(self) -> float:
        """How long the walks took."""
        return sum(walked.seconds for walked in self.walked)

    @property
    def complete(self) -> bool:
        """Whether everything within the bound was walked."""
        return all(walked.complete for walked in self.walked)

    @property
    def not_taken(self) -> list[str]:
        """The rows that nothing takes at this bound, as `chart.row`."""
        return [f"{chart}.{row}" for chart, row in self.rows if (chart, row) not in self.taken]


def products(reinvites: int) -> list[Product]:
    """What is walked at a bound: transactions pairwise, every direction, and then whole calls."""
    found = [Product(name=f"{client} and {server}", pair=(client, server)) for client, server in PAIRS]
    free = Bound(first=DIRECTIONS, smooth=True, fails=False)
    found.append(Product(name="directions of the first offer", bounds=(free, free)))
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
        update = Bound(reinvites=1, updates="always", named=True, insists=True)
        found.append(Product(name="calls that change by UPDATE", bounds=(update, update), patient=True))
    bound = Bound(reinvites=reinvites, named=True)
    found.append(Product(name="calls in which nobody gives up", bounds=(bound, bound), patient=True))
    found.append(Product(name="calls", bounds=(bound, bound)))
    return found


def explore(
    charts: Iterable[Chart],
    *,
    reinvites: int = 0,
    property_name: str | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
) -> Exploration:
    """Walk everything within the bound and prove every property, or the one that is named.

    `limit` stops each product after so many states. Raises KeyError for a property that nothing claims.
    """
    used = list(charts)
    properties = claimed(used).named
    if property_name is not None:
        properties = {property_name: properties[property_name]}
    done = Exploration(reinvites, properties)
    done.rows = [(c.id, row) for c in used for row in _rows(c) if c.id in WHOLE_CALL or c.id in TRANSACTION_CHARTS]
    shared: Books = {}
    for product in products(reinvites):
        _explore(done, product, used, shared, limit, progress)
    done.violations = _shortest(done.violations)
    return done


def _rows(chart: Chart) -> Iterator[str]:
    yield from dict.fromkeys(row.id for _, decisions in chart.all_decisions() for row in decisions.rows)


def _explore(
    done: Exploration,
    product: Product,
    charts: Sequence[Chart],
    shared: Books,
    limit: int | None,
    progress: Progress | None,
) -> None:
    first, second = _books(product, charts, shared)
    found = beginning(first, second, patient=product.patient)
    walk(found, limit, None if progress is None else (lambda found, walked: progress(product.name, found, walked)))
    done.walked.append(
        Walked(
            product=product,
            states=len(found),
            edges=found.edges,
            seconds=found.seconds,
            complete=found.complete,
        )
    )
    for book in (first, second):
        done.taken |= book.actor.taken
    for finding in findings(found, product, charts):
        if finding.property in done.properties:
            run = run_to(found, finding)
            done.violations.append(Violation(property=finding.property, what=finding.what, product=product, run=run))


def _books(product: Product, charts: Sequence[Chart], shared: Books) -> tuple[Book, Book]:
    """Those of another product that has the same sides, if there is one."""
    bounds = product.bounds
    apart = bounds is None or product.forked or product.stranger is not None
    if bounds is None or apart or bounds not in shared:
        first, second = product.sides(charts)
        books = (Book(first), Book(second))
        if bounds is None or apart:
            return books
        shared[bounds] = books
    return shared[bounds]


def findings(found: Found, product: Product, charts: Sequence[Chart]) -> Iterator[Finding]:
    """Everything that does not hold in one product."""
    yield from turn_findings(found)
    if product.bounds is None:
        yield from chart_findings(found, charts, only=set(product.pair or ()))
        return
    if product.stranger is not None:
        yield from (one for one in chart_findings(found, charts, only=WHOLE_CALL) if one.kind != "sometimes")
        return
    fails = product.bounds[0].fails and not product.patient
    for finding in (*chart_findings(found, charts, only=WHOLE_CALL), *call_findings(found)):
        # What only other products can show is not looked for: where nobody gives up not everything ends, and so on.
        if finding.kind in ANYWHERE or (finding.kind == "lossless") != fails:
            yield finding


def _shortest(violations: Iterable[Violation]) -> list[Violation]:
    """Of violations that say the same the one with the shortest run."""
    best: dict[tuple[str, str], Violation] = {}
    for violation in violations:
        key = (violation.property, violation.what)
        if key not in best or len(violation.run.steps) < len(best[key].run.steps):
            best[key] = violation
    return list(best.values())
