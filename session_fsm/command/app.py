"""The commands and their options, as typer reads them. Each imports what it runs when it is run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, cast

import typer
from typer.core import TyperCommand, TyperGroup

from session_fsm import __version__
from session_fsm.command import call_commands
from session_fsm.command.exits import CommandError, Exit, within
from session_fsm.command.formats import Format, LadderFormat, Theme, chosen_format
from session_fsm.command.options import Charts, Json
from session_fsm.command.running import run


class Commands(TyperGroup):
    """All commands."""

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | None:  # type: ignore[override]  # typer gives its own
        """One of them. A usage error, which names those that there are, for any other name."""
        found = super().get_command(ctx, cmd_name)
        if found is None:
            ctx.fail(f"No such command {cmd_name!r}; possible: {', '.join(self.list_commands(ctx))}.")
        return cast(TyperCommand, found)


PLAIN = not (sys.stdout.isatty() and sys.stderr.isatty())
app = typer.Typer(
    name="session-fsm",
    cls=Commands,
    add_completion=False,
    # Boxes and colours are for people; whoever reads through a pipe gets plain sentences.
    rich_markup_mode=None if PLAIN else "rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback(invoke_without_command=True)
def without_command(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version, and nothing else.")] = False,
) -> None:
    """A SIP/RTP session engine whose every state is an explicit chart."""
    if version:
        typer.echo(__version__)
        raise typer.Exit(Exit.HOLDS)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(Exit.USAGE)


for each in (call_commands.demo, call_commands.answer, call_commands.call, call_commands.register):
    app.command()(each)


@app.command()
def charts(
    as_json: Json = False,
    folder: Charts = None,
) -> None:
    """List the charts, with their sizes."""
    from session_fsm.command.charts import list_charts

    run(lambda: list_charts(folder, as_json=as_json))


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME|FILE]...", help="Charts; else all.")] = None,
    as_json: Json = False,
    charts: Charts = None,
) -> None:
    """Check charts against every rule, and name every fault at once."""
    from session_fsm.command.checking import check as run_check

    run(lambda: run_check(names or [], charts, as_json=as_json))


@app.command()
def draw(
    name: Annotated[
        str, typer.Argument(metavar="[CHART|FILE|pair:uac|pair:uas|both]", help="A chart, or call and media of a side.")
    ] = "both",
    form: Annotated[Format | None, typer.Option("--format", help="What to draw it as; else as -o FILE ends.")] = None,
    trace: Annotated[Path | None, typer.Option(metavar="FILE", help="Paint the way a recorded call took.")] = None,
    theme: Annotated[Theme, typer.Option(help="The colours of a picture.")] = Theme.LIGHT,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Else to stdout.")] = None,
    charts: Charts = None,
) -> None:
    """Draw a chart, the call and media of a role, or both roles side by side."""
    from session_fsm.command.drawing import Drawn
    from session_fsm.command.drawing import draw as run_draw

    def start() -> Exit:
        chosen = chosen_format(name, form, output, trace)
        return run_draw(Drawn(name=name, form=chosen, output=output, trace=trace, theme=theme, charts=charts))

    run(start)


@app.command()
def ladder(
    traces: Annotated[list[Path], typer.Argument(metavar="TRACE [TRACE]", help="One side's trace, or both.")],
    form: Annotated[LadderFormat | None, typer.Option("--format", help="What to draw it as.")] = None,
    theme: Annotated[Theme, typer.Option(help="The colours of a picture.")] = Theme.LIGHT,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Else to stdout.")] = None,
    charts: Charts = None,
) -> None:
    """Draw the messages of a recorded call, with the media states between them."""
    from session_fsm.command.laddering import draw_ladder

    run(lambda: draw_ladder(traces, form, theme, output, charts))


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.scxml", help="A W3C SCXML document.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE.toml", help="Else to stdout.")] = None,
    charts: Charts = None,
) -> None:
    """Make a chart of an SCXML document."""
    from session_fsm.command.importing import import_scxml

    run(lambda: import_scxml(file, output, charts))


@app.command()
def explore(
    target: Annotated[
        str | None, typer.Argument(metavar="[NAME|FILE]", help="Only what this chart takes part in; else everything.")
    ] = None,
    reinvites: Annotated[int, typer.Option(min=0, max=2, help="How many re-INVITEs each side may ask for.")] = 0,
    property_name: Annotated[str | None, typer.Option("--property", metavar="NAME", help="Prove only this.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="STATES", help="Stop each walk there.")] = None,
    write_test: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a violation as a pytest.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where traces of violations go.")] = Path("explore-out"),
    as_json: Json = False,
    charts: Charts = None,
) -> None:
    """Walk everything that two sides and a bad network, or a chart of your own, can do, and prove what holds."""
    from session_fsm.command.exploring import Options, run_explore

    options = Options(
        target=target,
        reinvites=reinvites,
        property=property_name,
        limit=limit,
        write_test=write_test,
        out=out,
        charts=charts,
        as_json=as_json,
    )
    run(lambda: run_explore(options))


@app.command()
def replay(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="A trace, one row a line.")],
    as_json: Json = False,
    charts: Charts = None,
) -> None:
    """Step the charts over a recorded run, and say where they first go another way."""
    from session_fsm.command.replaying import run_replay

    run(lambda: run_replay(trace, charts, as_json=as_json))


@app.command()
def fuzz(
    target: Annotated[str, typer.Argument(metavar="[NAME|FILE|pair]", help="A chart, or two phones.")] = "pair",
    seed: Annotated[int | None, typer.Option(metavar="N", help="Draw the same runs again.")] = None,
    max_examples: Annotated[
        int | None, typer.Option(metavar="N", help="How many runs are made; else 500, and 25 with --wire.")
    ] = None,
    property_name: Annotated[str | None, typer.Option("--property", metavar="NAME", help="Ask only for this.")] = None,
    unrestricted: Annotated[bool, typer.Option("--unrestricted", help="Forge and spoil messages too.")] = False,
    wire: Annotated[bool, typer.Option("--wire", help="Over real UDP, between two processes.")] = False,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Known counterexamples, and where new ones go.")] = Path(
        "fuzz-out"
    ),
    as_json: Json = False,
    charts: Charts = None,
) -> None:
    """Try a chart, or a call between two phones, in any order of events, and shrink whatever does not hold."""

    def start() -> Exit:
        from session_fsm.command.fuzzing import Options, run_fuzz

        within("--seed", seed, 0, None)
        within("--max-examples", max_examples, 1, None)
        if wire and target != "pair":
            raise CommandError(f"--wire: {target} sends nothing; possible: pair")
        options = Options(
            target="pair:wire" if wire else target,
            seed=seed,
            max_examples=max_examples or (25 if wire else 500),
            wire=wire,
            property=property_name,
            unrestricted=unrestricted,
            out=out,
            charts=charts,
            as_json=as_json,
        )
        return run_fuzz(options)

    run(start)
