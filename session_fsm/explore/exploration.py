"""Everything that `explore` walks and proves: the products, the properties, the rows, and a run for each violation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from session_fsm.chart import Chart
from session_fsm.explore.book import Book
from session_fsm.explore.calling import Bound
from session_fsm.explore.counterexample import Run, run_to
from session_fsm.explore.products import MOST_REINVITES, WHOLE_CALL, Product, products
from session_fsm.explore.promises import apart_findings
from session_fsm.explore.properties import Finding, call_findings, chart_findings, claimed, turn_findings
from session_fsm.explore.search import Found, beginning, walk

ANYWHERE = ("turn", "together", "never", "always")
"Kinds of findings that need nobody to end the call."

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


def explore(
    charts: Iterable[Chart],
    *,
    reinvites: int = 0,
    property_name: str | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
    chart: str | None = None,
) -> Exploration:
    """Walk everything within the bound and prove every property, or the one that is named.

    `limit` stops each product after so many states; `chart` names the one whose products are walked, else all are.
    Raises KeyError for a property that nothing claims.
    """
    used = list(charts)
    walked = [one for one in products(reinvites, used) if chart is None or chart in one.charts]
    properties = properties_of(used, chart)
    if property_name is not None:
        properties = {property_name: properties[property_name]}
    about = {chart} if chart is not None else set[str]().union(*(one.charts for one in walked))
    done = Exploration(reinvites, properties)
    done.rows = [(c.id, row) for c in used if c.id in about for row in _rows(c)]
    shared: Books = {}
    for product in walked:
        _explore(done, product, used, shared, limit, progress)
    done.violations = _shortest(done.violations)
    return done


def properties_of(charts: Sequence[Chart], chart: str | None = None) -> dict[str, str]:
    """Every property that is proved of these charts, with a sentence; of one of them, of what it is in."""
    walked = [one for one in products(MOST_REINVITES, charts) if chart is None or chart in one.charts]
    promised = {name for one in walked if one.apart is not None for name in one.apart.promises}
    claiming = [one for one in charts if any(one.id in product.proves for product in walked)]
    return claimed(claiming, promised, calls=any(one.bounds is not None for one in walked))


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
    if product.apart is not None:
        yield from chart_findings(found, charts, only=product.proves)
        for name, what, state in apart_findings(found, patient=product.patient):
            yield Finding(property=name, kind="together", what=what, state=state)
        return
    if product.bounds is None:
        yield from chart_findings(found, charts, only=product.proves)
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
