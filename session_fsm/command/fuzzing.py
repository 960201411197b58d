"""`session-fsm fuzz`: runs in many orders, what they have shown, and the shortest run to whatever does not hold."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from session_fsm.chart import Chart
from session_fsm.command.chart_set import charts_in, replacing
from session_fsm.command.exits import CommandError, Exit, exit_for
from session_fsm.command.jsonlines import Line
from session_fsm.command.palette import BAD, GOOD, terminal
from session_fsm.command.reporting import put
from session_fsm.command.traces import check_place
from session_fsm.errors import ChartError

try:
    from hypothesis.configuration import set_hypothesis_home_dir

    from session_fsm.testing.fuzz import Findings, Fuzzing, quiet
    from session_fsm.testing.fuzz import Progress as Report
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] != "hypothesis":
        raise
    raise CommandError("fuzz needs Hypothesis: pip install 'session-fsm[testing]'") from None

from session_fsm.testing.charts import SIDES
from session_fsm.testing.counterexample import keep, told
from session_fsm.testing.runs import Target
from session_fsm.testing.targets import PAIR, WIRE, targets


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for on the command line."""

    target: str
    seed: int | None
    max_examples: int
    property: str | None
    unrestricted: bool
    wire: bool
    out: Path
    charts: Path | None
    as_json: bool


def run_fuzz(options: Options) -> Exit:
    """Fuzz, and tell what was found. Nothing is written unless something does not hold."""
    # Hypothesis keeps what it learns about a program's constants; a command leaves nothing in anybody's folder.
    with quiet(), TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        set_hypothesis_home_dir(folder)
        return _run(options)


def _run(options: Options) -> Exit:
    charts: Mapping[str, Chart] = (
        replacing(options.charts) if options.target in (PAIR, WIRE) else charts_in(options.charts)
    )
    found = _targets(options, charts)
    options, charts = _of_file(options, charts, found)
    check_place("--out", options.out, folder=True)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    done = []
    for target in found:
        try:
            done.append(_fuzz(target, seed, options, charts))
        finally:
            target.close()
    traces = [_keep(findings, options.out, charts) for findings in done]
    if options.as_json:
        put(summary(done, traces, seed))
    else:
        for target, findings, written in zip(found, done, traces, strict=True):
            _print(target, findings, written, charts, options)
    return Exit.FAILED if any(findings.violations for findings in done) else Exit.HOLDS


def _targets(options: Options, charts: Mapping[str, Chart]) -> list[Target[Any]]:
    try:
        found = targets(options.target, unrestricted=options.unrestricted, charts=charts, folder=options.charts)
    except ChartError as error:
        else_pair = f"; or {PAIR}" if error.faults[0].rule == "no-such-chart" else ""
        raise CommandError(f"{error}{else_pair}", exit_for(error.faults)) from None
    if options.unrestricted and options.target not in (PAIR, WIRE):
        raise CommandError(f"--unrestricted: only {PAIR} has messages that can be forged; a chart takes any event")
    known = dict.fromkeys(name for target in found for name in target.properties)
    if options.property is not None and options.property not in known:
        raise CommandError(f"--property: there is no property {options.property}; possible: {', '.join(known)}")
    return found


def _of_file(
    options: Options, charts: Mapping[str, Chart], found: Sequence[Target[Any]]
) -> tuple[Options, Mapping[str, Chart]]:
    """A chart in a file of its own is remembered by that file, and found there again from any folder."""
    bare, _, side = options.target.rpartition(":")
    file = Path(bare if bare and side in SIDES else options.target)
    if options.charts is not None or options.target in (PAIR, WIRE) or not file.is_file():
        return options, charts
    chart = found[0].charts[0]
    chart = chart.whole or chart
    name = f"{chart.id}:{side}" if bare and side in SIDES else chart.id
    return replace(options, target=name, charts=file), {chart.id: chart}


def _fuzz(target: Target[Any], seed: int, options: Options, charts: Mapping[str, Chart]) -> Findings:
    only = [name for name in target.properties if name == options.property]
    fuzzing = partial(
        Fuzzing,
        target,
        # A chart's file is found again by its path, a side of it by path and side.
        name=_name(options.target, target),
        seed=seed,
        properties=only or None,
        unrestricted=options.unrestricted,
        charts=charts,
        folder=options.charts,
    )
    with _watched(target.name, options) as report:
        try:
            return fuzzing(progress=report).run(options.max_examples, options.out)
        except ValueError as error:
            raise CommandError(f"--out: {error}") from None


def _name(asked: str, target: Target[Any]) -> str:
    side = target.name.rpartition(":")[2] if ":" in target.name else ""
    return asked if not side or asked.endswith(f":{side}") else f"{asked}:{side}"


@contextmanager
def _watched(name: str, options: Options) -> Iterator[Report | None]:
    """A progress bar on a terminal; nothing where nobody looks."""
    console = Console(stderr=True)
    if options.as_json or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} of {task.total} runs"))
    tail = (TextColumn("{task.fields[shown]}"), TimeElapsedColumn())
    with Progress(*columns, *tail, console=console, transient=True) as bar:
        task = bar.add_task(name, total=options.max_examples, shown="")
        yield lambda done, seen: bar.update(
            task, completed=done, shown=f"{len(seen.rows)} rows, {len(seen.cells)} cells"
        )


def _keep(findings: Findings, out: Path, charts: Mapping[str, Chart]) -> list[Path]:
    try:
        return [keep(example, out, charts) for example in findings.violations]
    except OSError as error:
        raise CommandError(f"--out: cannot write into {out}: {error.strerror}") from None


def summary(done: Sequence[Findings], traces: Sequence[Sequence[Path]], seed: int) -> Line:
    """The last line of `--json`."""
    return {
        "type": "Summary",
        "target": [findings.target for findings in done],
        "examples": sum(findings.examples for findings in done),
        "seed": seed,
        "seconds": round(sum(findings.seconds for findings in done), 3),
        "violations": [
            {
                "property": example.breaks,
                "what": example.message,
                "target": example.target,
                "steps": [str(move) for move in example.moves],
                "trace": str(trace),
            }
            for findings, written in zip(done, traces, strict=True)
            for example, trace in zip(findings.violations, written, strict=True)
        ],
        "rows_taken": sum(len(findings.coverage.rows) for findings in done),
        "rows_total": sum(findings.rows_total for findings in done),
        "cells_seen": sum(len(findings.coverage.cells) for findings in done),
        "pairs_seen": sum(findings.pairs_seen for findings in done),
        "pairs_reachable": sum(len(findings.reachable) for findings in done),
        "pairs_beyond": sum(findings.pairs_beyond for findings in done),
        "stale": [name for findings in done for name in findings.stale],
    }


def _print(
    target: Target[Any],
    findings: Findings,
    traces: Sequence[Path],
    charts: Mapping[str, Chart],
    options: Options,
) -> None:
    console = terminal()
    for example, trace in zip(findings.violations, traces, strict=True):
        console.print(Text.assemble(("✗ ", BAD), told(example, charts)))
        console.print(f"session-fsm replay {trace}")
        console.print()
    failed = {example.breaks for example in findings.violations}
    for name, doc in _asked(target, options.property).items():
        console.print(Text.assemble(("✗ ", BAD) if name in failed else ("✓ ", GOOD), f"{name:<18}", (doc, "dim")))
    console.print(
        Text.assemble(
            (f"{findings.target}: ", "bold"),
            f"{findings.examples} runs in {findings.seconds:.1f} s, --seed {findings.seed}; ",
            f"{len(findings.coverage.rows)} of {findings.rows_total} rows, {len(findings.coverage.cells)} cells, ",
            _pairs(findings, pair=options.target in (PAIR, WIRE)),
        )
    )
    for name in findings.stale:
        console.print(Text(f"{options.out / name} holds now", "dim"))


def _pairs(findings: Findings, *, pair: bool) -> str:
    seen, reachable = findings.pairs_seen, len(findings.reachable)
    if not pair:
        return f"{seen} of {reachable} cells that can come up"
    beyond = f", {findings.pairs_beyond} beyond" if findings.pairs_beyond else ""
    return f"{seen} of {reachable} pairs of both sides' states that explore reaches without re-INVITE{beyond}"


def _asked(target: Target[Any], only: str | None) -> dict[str, str]:
    """The properties that were asked for, each with a sentence."""
    asked = {name: check for name, check in target.properties.items() if only in (None, name)}
    return {name: _sentence(target, name, check) for name, check in asked.items()}


def _sentence(target: Target[Any], name: str, check: Any) -> str:
    claim = target.charts[0].properties.get(name) if len(target.charts) == 1 else None
    if claim is not None:
        return claim.doc or f"{claim.kind} {' or '.join(claim.states)}"
    return (getattr(check, "func", check).__doc__ or "").partition("\n")[0]
