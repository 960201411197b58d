"""The Python functions behind one chart's names: guards, effects, sends. Where emissions go is read from the charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from session_fsm.chart import Chart
from session_fsm.machine import Binding
from session_fsm.session.emission import carriers
from session_fsm.session.routing import Routes

Seconds = float
Function = Callable[..., object]
"f(context, payload); a guard's result is its truth."


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What one chart's names mean. Every room of session/ that has a chart has one."""

    guards: Mapping[str, Function] = field(default_factory=dict)
    effects: Mapping[str, Function] = field(default_factory=dict)
    sends: Mapping[str, Function] = field(default_factory=dict)

    def bind(self, chart: Chart, parameters: Mapping[str, Seconds], routes: Routes, engine: str) -> Binding:
        """Tie the chart to these functions; names that do not fit are a ChartError."""
        return Binding(
            chart,
            guards=self.guards,
            effects=self.effects,
            sends=self.sends,
            emits=carriers(chart.id, chart.emits, routes),
            parameters={name: value for name, value in parameters.items() if name in chart.parameters},
            engine=engine,
        )
