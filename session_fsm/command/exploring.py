"""`session-fsm explore`: what was walked, what holds, and the shortest run to whatever does not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from session_fsm.chart import Chart
from session_fsm.command.chart_set import charts_in, note, replacing
from session_fsm.command.exits import CommandError, Exit, exit_for
from session_fsm.command.jsonlines import Line
from session_fsm.command.palette import BAD, GOOD, terminal
from session_fsm.command.reporting import put
from session_fsm.command.traces import check_place
from session_fsm.errors import ChartError
from session_fsm.explore.exploration import Exploration, Violation, Walked, explore, properties_of
from session_fsm.explore.exploration import Progress as Report
from session_fsm.explore.following import as_test
from session_fsm.machine import write_jsonl
from session_fsm.render import ladder_text
from session_fsm.session.building import shipped_charts


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for on the command line."""

    target: str | None
    "A chart, by name or file; None is everything."
    reinvites: int
    property: str | None
    limit: int | None
    write_test: Path | None
    out: Path
    charts: Path | None
    as_json: bool


def run_explore(options: Options) -> Exit:
    """Explore, and tell what was found."""
    named, charts, place = _charts(options)
    check_property(options.property, properties_of(charts, named))
    check_place("--out", options.out, folder=True)
    # What goes into --out finds its folder made.
    if options.write_test is not None and options.out not in options.write_test.parents:
        check_place("--write-test", options.write_test)
    with watched(options.as_json) as report:
        done = explore(
            charts,
            reinvites=options.reinvites,
            property_name=options.property,
            limit=options.limit,
            progress=report,
            chart=named,
        )
    options = replace(options, charts=place)
    traces = [_write(options, charts, number, violation) for number, violation in enumerate(done.violations, 1)]
    if options.write_test is not None and done.violations:
        _save(
            options.write_test, as_test(done.violations[0], options.reinvites, note(options.charts, options.write_test))
        )
    if options.as_json:
        put(summary(done, traces))
    else:
        _print(done, traces, options)
    return Exit.FAILED if done.violations else Exit.HOLDS


def _charts(options: Options) -> tuple[str | None, list[Chart], Path | None]:
    """(the chart that was asked for, all that are walked, where those that are not ours come from)."""
    if options.target is None:
        return None, list({**shipped_charts(), **replacing(options.charts)}.values()), options.charts
    found = {**shipped_charts(), **charts_in(options.charts)}
    if options.target in found:
        # Of the folder's own charts only the one that was asked for is walked.
        wanted = [chart for name, chart in found.items() if name in shipped_charts() or name == options.target]
        return options.target, wanted, options.charts
    try:
        chart = Chart.load(options.target)
    except ChartError as error:
        raise CommandError(str(error), exit_for(error.faults)) from None
    if options.charts is not None:
        raise CommandError(f"--charts: {options.target} is a file of its own; possible: one of the two")
    return chart.id, list({**shipped_charts(), chart.id: chart}.values()), Path(options.target)


def check_property(name: str | None, known: Collection[str]) -> None:
    """Complain about a property that nothing claims, with those that there are."""
    if name is not None and name not in known:
        raise CommandError(f"--property: there is no property {name}; possible: {', '.join(sorted(known))}")


@contextmanager
def watched(as_json: bool) -> Iterator[Report | None]:
    """A progress bar on a terminal; nothing where nobody looks."""
    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,} of {task.total:,} states"))
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        tasks: dict[str, int] = {}

        def report(name: str, found: int, walked: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=found)
            bar.update(bar.task_ids[list(tasks).index(name)], total=found, completed=walked)

        yield report


def summary(done: Exploration, traces: Sequence[Path]) -> Line:
    """The last line of `--json`."""
    return {
        "type": "Summary",
        "states": done.states,
        "edges": done.edges,
        "seconds": round(done.seconds, 3),
        "states_per_second": round(done.states / done.seconds) if done.seconds else None,
        "bound": done.bound,
        "reinvites": done.reinvites,
        "complete": done.complete,
        "products": [_product(walked) for walked in done.walked],
        "properties": list(done.properties),
        "violations": [
            {
                "property": violation.property,
                "what": violation.what,
                "product": violation.product.name,
                "steps": [str(step) for step in violation.run.steps],
                "trace": str(trace),
            }
            for violation, trace in zip(done.violations, traces, strict=True)
        ],
        "rows_taken": len(done.rows) - len(done.not_taken),
        "rows_total": len(done.rows),
        "rows_unreachable": done.not_taken,
    }


def _product(walked: Walked) -> Line:
    return {
        "name": walked.product.name,
        "bound": walked.product.bound,
        "states": walked.states,
        "edges": walked.edges,
        "seconds": round(walked.seconds, 3),
        "complete": walked.complete,
    }


def _write(options: Options, charts: Sequence[Chart], number: int, violation: Violation) -> Path:
    """The trace of one violation, and its steps and ladder beside it."""
    out = options.out
    stem = f"{number:02}-{violation.property.replace('.', '-')}"
    trace = out / f"{stem}.jsonl"
    try:
        out.mkdir(parents=True, exist_ok=True)
        with trace.open("w", encoding="utf-8") as file:
            write_jsonl(violation.run.rows, file, charts=note(options.charts, trace), made_with=charts)
    except OSError as error:
        raise CommandError(f"--out: cannot write {trace}: {error.strerror}") from None
    _save(out / f"{stem}.txt", "\n".join([violation.what, "", *violation.run.listed(), "", ladder_of(violation)]))
    return trace


def ladder_of(violation: Violation) -> str:
    """The sequence diagram of a run, as text."""
    run = violation.run
    return ladder_text(run.of("uac"), run.of("uas")) if run.steps else ""


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}") from None


def _print(done: Exploration, traces: Sequence[Path], options: Options) -> None:
    console = terminal()
    for walked in done.walked:
        console.print(_walked_text(walked))
        console.print(Text(f"    {walked.product.bound}", "dim"))
    rate = f", {done.states / done.seconds:,.0f} a second" if done.seconds else ""
    console.print(f"{done.states:,} states, {done.edges:,} edges in {done.seconds:.1f} s{rate}")
    console.print()
    for violation, trace in zip(done.violations, traces, strict=True):
        _print_violation(console, violation, trace)
    failed = {violation.property for violation in done.violations}
    for name, doc in done.properties.items():
        mark = ("✗ ", BAD) if name in failed else ("✓ ", GOOD)
        console.print(Text.assemble(mark, f"{name:<32}", (doc, "dim")))
    _print_rows(console, done)
    if not done.complete:
        console.print(Text("stopped at --limit: what lies beyond was not looked at", BAD))
    if options.write_test is not None:
        wrote = (
            f"{options.write_test} fails until it is mended" if done.violations else "no test was written: all holds"
        )
        console.print(wrote)


def _walked_text(walked: Walked) -> Text:
    rate = f"{walked.states / walked.seconds:,.0f} states/s" if walked.seconds else ""
    figures = f"{walked.states:>12,} states {walked.edges:>14,} edges {walked.seconds:>8.2f} s  {rate}"
    return Text.assemble((f"{walked.product.name:<40}", "bold"), figures)


def _print_violation(console: Console, violation: Violation, trace: Path) -> None:
    console.print(Text.assemble((f"{violation.property}: ", BAD), violation.what))
    for line in violation.run.listed():
        console.print(line)
    console.print(Text(ladder_of(violation), "dim"))
    console.print(f"session-fsm replay {trace}")
    console.print()


def _print_rows(console: Console, done: Exploration) -> None:
    missing = done.not_taken
    others = "; the others:" if missing else ""
    console.print(f"{len(done.rows) - len(missing)} of {len(done.rows)} rows were taken at this bound{others}")
    for name in missing:
        console.print(Text(f"    {name}", "dim"))
