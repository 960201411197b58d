"""What an application gave, or the defaults: one clear error for what is of another kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from session_fsm.chart import Chart
from session_fsm.sdp import Codec
from session_fsm.session.settings import Seconds, Settings

Given = TypeVar("Given")


def given(name: str, value: Given | None, kind: type[Given]) -> Given:
    """What was given, or the defaults."""
    return kind() if value is None else of_kind(name, value, kind)


def of_kind(name: str, value: Given, kind: type[Given]) -> Given:
    """The value, if it is of that kind."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} is {value!r}; it can be a {kind.__name__}")
    return value


def charts_by_name(charts: object, known: Collection[str]) -> dict[str, Chart]:
    """The charts that replace shipped ones, if they are charts of names that there are."""
    if not isinstance(charts, Mapping):
        raise TypeError(f"charts is {charts!r}; it can be a mapping from the names of charts to charts")
    for name, chart in charts.items():
        if name not in known:
            raise ValueError(f"charts: {name!r} is no chart that a user agent runs; it runs {', '.join(known)}")
        of_kind(f"charts: {name}", chart, Chart)
    return dict(charts)


def with_settings(settings: Settings, *, codecs: Sequence[Codec] | None, t1: Seconds | None) -> Settings:
    """The settings with the two that are changed most."""
    if codecs is not None:
        settings = replace(settings, codecs=tuple(codecs) if isinstance(codecs, Sequence) else (codecs,))
    return settings if t1 is None else replace(settings, t1=t1)
