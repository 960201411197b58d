"""Walks charts in every way that they allow. Only looks: it steps with the real step function and changes nothing."""

from session_fsm.explore.exploration import Exploration, Violation, explore
from session_fsm.explore.following import follow
from session_fsm.explore.media_paths import (
    ANY_CALL,
    OFFERLESS,
    SCENARIOS,
    MediaPaths,
    Scenario,
    compare_media_paths,
    media_paths,
    run_to,
)

__all__ = [
    "ANY_CALL",
    "OFFERLESS",
    "SCENARIOS",
    "Exploration",
    "MediaPaths",
    "Scenario",
    "Violation",
    "compare_media_paths",
    "explore",
    "follow",
    "media_paths",
    "run_to",
]
