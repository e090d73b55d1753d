"""A run: what is asked for, and what is at hand to do it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.errors import UsageError
from skill_distiller.planning.choose import Observer
from skill_distiller.planning.ladders import Models
from skill_distiller.planning.plan import Mode
from skill_distiller.planning.saved_plan import SavedPlan
from skill_distiller.rewriting.model import Wording
from skill_distiller.run.backends import Backends
from skill_distiller.tokens import DEFAULT_ENCODING, TokenCounter, load_counter

DEFAULT_THRESHOLD: Final = 0.9


@dataclass(frozen=True, slots=True)
class KeptPieces:
    """The pieces that stay as they are: by id (see `find_pieces`), and sections by heading.

    Those that are `moved` (ids) stay in the folder: where the result is without them they move into a reference, and a
    pointer stands in their place, whose tokens no budget counts. That takes a SkillFolder. With `everything` no piece
    goes but what is said together with others or repeats one that stays.
    """

    ids: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    everything: bool = False

    def __bool__(self) -> bool:
        """Whether any piece is named."""
        return bool(self.ids or self.sections or self.moved)


@dataclass(frozen=True, slots=True)
class Counting:
    """What tokens are counted in: a tiktoken encoding, or `estimate`.

    With `offline` the ranks of an encoding that are not shipped are not fetched: counts are estimates then.
    """

    encoding: str = DEFAULT_ENCODING
    offline: bool = False


class Gate(StrEnum):
    """What becomes of a result that fails its own verification.

    REFUSE: there is none. STRICT: besides, a skill without frontmatter or trigger section is an error. REPORT: it
    comes out, and its verification says what is wrong.
    """

    REFUSE = "refuse"
    STRICT = "strict"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class DistillOptions:
    """What to aim at: in threshold mode the functionality to keep, 0-1; in tokens mode the most tokens of the result.

    `gate` says what becomes of a result that fails its verification, `wording` how far what stays may change.
    `patterns` are the user's own, which count beside those of the reference.

    The pieces to `keep` are added to the result without them. With a `plan` nothing is chosen: it is applied, and
    `mode`, `threshold`, `tokens` and `wording` only say what it was made with.
    """

    threshold: float = DEFAULT_THRESHOLD
    counting: Counting = field(default_factory=Counting)
    gate: Gate = Gate.REFUSE
    wording: Wording = Wording.DETAIL
    mode: Mode = Mode.THRESHOLD
    tokens: int | None = None
    patterns: PatternSet = BUILT_IN
    keep: KeptPieces = field(default_factory=KeptPieces)
    plan: SavedPlan | None = None

    def __post_init__(self) -> None:
        """A number of tokens alone means tokens mode; raises UsageError for what is no mode or no wording.

        From code without types a text may come, which would be taken for the default.
        """
        if not isinstance(self.mode, Mode):
            raise UsageError(f"The mode {self.mode!r} is no Mode.", f"Modes: {', '.join(Mode.__members__)}.")
        if not isinstance(self.wording, Wording):
            raise UsageError(f"The wording {self.wording!r} is no Wording.", f"Wordings: {', '.join(Wording)}.")
        if self.tokens is not None and self.mode is Mode.THRESHOLD:
            object.__setattr__(self, "mode", Mode.TOKENS)


def check_options(options: DistillOptions) -> None:
    """Raises UsageError for options that make no sense or do not go together."""
    if not 0 <= options.threshold <= 1:
        hint = (
            f"Did you mean {options.threshold / 100:g}?" if 10 <= options.threshold <= 100 else "Use for example 0.9."
        )
        raise UsageError(f"The threshold {options.threshold:g} is not between 0 and 1.", hint)
    if (options.tokens is not None) != (options.mode is Mode.TOKENS):
        raise UsageError(
            "Tokens mode needs a number of tokens, and only tokens mode takes one.",
            "Use --tokens=N; in Python tokens=N.",
        )
    if options.tokens is not None and options.tokens < 1:
        raise UsageError(f"{options.tokens} is not a number of tokens.", "Use for example --tokens=500.")
    if options.mode is Mode.ONELINER and (options.keep or options.keep.everything or options.plan):
        raise UsageError("The three lines of oneliner mode hold no pieces of the original.", "Use another mode.")


def watch_nothing(stage: str, value: object) -> None:
    """The observer of a run that nobody watches."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is asked for (`options`), who does the thinking (`backends`), and who is told of each stage (`observe`).

    A run holds nothing that belongs to one skill: many skills can go through it, in threads and in
    worker processes (an embedded run can be pickled).
    """

    options: DistillOptions = field(default_factory=DistillOptions)
    backends: Backends = field(default_factory=Backends)
    observe: Observer = watch_nothing

    @property
    def counter(self) -> TokenCounter:
        """What counts tokens in the encoding asked for; raises UsageError for an encoding that is not known."""
        return load_counter(self.options.counting.encoding, offline=self.options.counting.offline)

    @property
    def models(self) -> Models:
        """What planning uses: the models of the backends, with all renderers, and how far words may go."""
        models = self.backends.models
        renderers = models.renderers + self.backends.renderers
        keep = self.options.keep
        return replace(
            models,
            renderers=renderers,
            wording=self.options.wording,
            trims=models.trims and not keep.everything,
            drops=not keep.everything,
        )

    @property
    def token_scorer(self) -> str:
        """Who measures how much a phrase tells; "" where no phrases are scored."""
        return self.backends.models.phrases.name if self.backends.models.phrases else ""
