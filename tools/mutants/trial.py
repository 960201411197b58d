"""Who notices a mutant: the checker, a test on the virtual network, or the comparison of both roles' media paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from session_fsm.chart import Chart, check, check_set
from session_fsm.errors import ChartError
from session_fsm.explore import compare_media_paths
from session_fsm.session import events
from tools.mutants.changes import Mutant
from tools.mutants.scenarios import EndlessError, Reach, Scenario, running

SELDOM = ("test_seldom", "test_figures")

APPLICATION_EVENTS = {
    name
    for name, value in vars(events).items()
    if isinstance(value, type) and issubclass(value, events.SessionEvent) and value is not events.SessionEvent
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one mutant."""

    mutant: str
    chart: str
    kind: str
    noticed_by: str | None
    "check, test, media paths; None when nobody did."
    how: str
    "The rule, the test's name, or the difference."


@dataclass(slots=True)
class Court:
    """Everything that judges mutants, prepared once."""

    charts: Mapping[str, Chart]
    known: Sequence[tuple[Scenario, Reach]]

    def judge(self, mutant: Mutant) -> Verdict:
        """Ask one after the other, the quick ones first, and stop at the first that notices."""
        charts = {**self.charts, mutant.chart.id: mutant.chart}
        noticed = self._by_check(mutant, charts) or self._by_test(mutant, charts) or self._by_paths(mutant, charts)
        by, how = noticed or (None, "")
        return Verdict(mutant=mutant.name, chart=mutant.chart.id, kind=mutant.kind, noticed_by=by, how=how)

    def _by_check(self, mutant: Mutant, charts: Mapping[str, Chart]) -> tuple[str, str] | None:
        faults = check(mutant.chart) or check_set(list(charts.values()), APPLICATION_EVENTS)
        return ("check", faults[0].rule) if faults else None

    def _by_test(self, mutant: Mutant, charts: Mapping[str, Chart]) -> tuple[str, str] | None:
        for scenario in self._that_come_there(mutant):
            try:
                with running(charts):
                    scenario.run()
            except ChartError as error:
                return "check", f"binding: {error}"
            except (Exception, EndlessError):
                return "test", scenario.name
        return None

    def _by_paths(self, mutant: Mutant, charts: Mapping[str, Chart]) -> tuple[str, str] | None:
        if mutant.chart.id not in ("call", "dialog", "offer_answer", "media"):
            return None
        differences = compare_media_paths(charts.values())
        return ("media paths", differences[0]) if differences else None

    def _that_come_there(self, mutant: Mutant) -> list[Scenario]:
        cells = {(mutant.chart.id, state, event) for state, event in mutant.cells}
        there = [
            scenario
            for scenario, reach in self.known
            if reach.everywhere
            or not cells.isdisjoint(reach.cells)
            or (mutant.chart.id, mutant.entered) in reach.entered
        ]
        # Whoever looks at something that comes up seldom goes first, and then whoever is quick.
        return sorted(there, key=lambda scenario: (not scenario.name.startswith(SELDOM), scenario.seconds))
