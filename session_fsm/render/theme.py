"""The colours of pictures, light and dark. The dark ones are those of GitHub's dark page: a picture melts in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Theme(StrEnum):
    """The values of `--theme`."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """What each part of a picture is drawn in."""

    page: str
    panel: str
    "Behind one chart of several."
    border: str
    "Around panels and groups."
    group: str
    state: str
    edge: str
    "Arrows and the borders of states."
    text: str
    quiet: str
    "Labels, times, titles of groups."
    main: str
    "The main path, and what a run took."
    main_fill: str
    goal: str
    "The state that the chart promises to reach."
    goal_fill: str
    end: str
    end_fill: str
    grey: str
    "What a run did not touch, and rows that a guard refused."
    refused: str


COLOURS = {
    Theme.LIGHT: Colours(
        page="#ffffff",
        panel="#f8fafc",
        border="#cbd5e1",
        group="#eef2f7",
        state="#ffffff",
        edge="#64748b",
        text="#0f172a",
        quiet="#334155",
        main="#1d4ed8",
        main_fill="#dbeafe",
        goal="#15803d",
        goal_fill="#dcfce7",
        end="#64748b",
        end_fill="#e2e8f0",
        grey="#cbd5e1",
        refused="#b45309",
    ),
    Theme.DARK: Colours(
        page="#0d1117",
        panel="#131a24",
        border="#30363d",
        group="#171f2b",
        state="#1c2533",
        edge="#8b98a9",
        text="#f0f6fc",
        quiet="#c3cdd9",
        main="#6cb0ff",
        main_fill="#12305c",
        goal="#4ac26b",
        goal_fill="#11361f",
        end="#8b98a9",
        end_fill="#2a313c",
        grey="#3b4450",
        refused="#e3a04f",
    ),
}
