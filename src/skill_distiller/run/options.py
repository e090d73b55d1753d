"""What a run is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from skill_distiller.analysis.pattern_set import BUILT_IN, PatternSet
from skill_distiller.errors import UsageError
from skill_distiller.planning.plan import Mode
from skill_distiller.planning.saved_plan import SavedPlan
from skill_distiller.tokens import DEFAULT_ENCODING

DEFAULT_THRESHOLD: Final = 0.9


@dataclass(frozen=True, slots=True)
class DistillOptions:
    """What to aim at: in threshold mode the functionality to keep, 0-1; in tokens mode the most tokens of the result.

    `encoding` is what tokens are counted in.
    `strict` makes missing frontmatter or a missing trigger section an error. With `offline` the ranks
    of an encoding that are not shipped are not fetched either: counts are estimates then. `patterns`
    are the user's own, which count beside those of the reference.

    The pieces to `keep`, by id, and the sections to `keep_sections`, by heading, stay as they are (see
    `find_pieces`). With a `plan` nothing is chosen: it is applied, and `mode`, `threshold` and `tokens`
    only say what it was made with.
    """

    threshold: float = DEFAULT_THRESHOLD
    encoding: str = DEFAULT_ENCODING
    strict: bool = False
    offline: bool = False
    mode: Mode = Mode.THRESHOLD
    tokens: int | None = None
    patterns: PatternSet = BUILT_IN
    keep: tuple[str, ...] = ()
    keep_sections: tuple[str, ...] = ()
    plan: SavedPlan | None = None


def check_options(options: DistillOptions) -> None:
    """Raises UsageError for options that make no sense or do not go together."""
    if not 0 <= options.threshold <= 1:
        hint = (
            f"Did you mean {options.threshold / 100:g}?" if 10 <= options.threshold <= 100 else "Use for example 0.9."
        )
        raise UsageError(f"The threshold {options.threshold:g} is not between 0 and 1.", hint)
    if (options.tokens is not None) != (options.mode is Mode.TOKENS):
        raise UsageError("Tokens mode needs a number of tokens, and only tokens mode takes one.", "Use --tokens=N.")
    if options.tokens is not None and options.tokens < 1:
        raise UsageError(f"{options.tokens} is not a number of tokens.", "Use for example --tokens=500.")
    if options.mode is Mode.ONELINER and (options.keep or options.keep_sections or options.plan):
        raise UsageError("The three lines of oneliner mode hold no pieces of the original.", "Use another mode.")
