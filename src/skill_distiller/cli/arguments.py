"""The option groups of the commands that work on skills, each option named once, and the aim of a run.

A group is a frozen dataclass; `option_groups.expand_groups` makes parameters of its fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import typer

from skill_distiller.cli.learnings import LEARNINGS, LearningsDir
from skill_distiller.errors import UsageError
from skill_distiller.planning.plan import Mode
from skill_distiller.providers.detect import DEFAULT_TIMEOUT
from skill_distiller.run.run import DEFAULT_THRESHOLD, Aim
from skill_distiller.skill.model import MAX_BYTES
from skill_distiller.tokens import DEFAULT_ENCODING

PROVIDER_VARIABLE: Final = "SKILL_DISTILLER_PROVIDER"

SavePlan = Annotated[
    str,
    typer.Option(
        "--save-plan",
        metavar="FILE",
        help="Save to this file, as YAML, what became of every piece; --plan applies it.",
        show_default=False,
    ),
]


AcceptUnproved = Annotated[
    bool,
    typer.Option("--accept-unproved", help="Apply a plan whose texts say what their blocks do not prove."),
]


@dataclass(frozen=True, slots=True)
class Goal:
    """What to aim at, and whether what is missing on the way is an error; `mode` "" is the one the others imply."""

    mode: Annotated[
        str,
        typer.Option(
            metavar="|".join(Mode),
            help="What to aim at: a share of the functionality, a number of tokens, or three lines. "
            "Default: threshold, or tokens with --tokens.",
        ),
    ] = ""
    threshold: Annotated[
        float | None,
        typer.Option(
            metavar="0-1",
            help=f"The share of the functionality to keep. Default: {DEFAULT_THRESHOLD:g}.",
            show_default=False,
        ),
    ] = None
    tokens: Annotated[
        int | None,
        typer.Option(metavar="N", help="The most tokens the result may have, frontmatter included."),
    ] = None
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Treat as errors: no frontmatter, no trigger section, a result that fails its verification.",
        ),
    ] = False


def choose_aim(goal: Goal) -> Aim:
    """The aim that the options of a goal mean together; raises UsageError where they do not fit together."""
    mode, threshold, tokens = goal.mode, goal.threshold, goal.tokens
    if mode and mode not in tuple(Mode):
        raise UsageError(f"There is no mode {mode!r}.", f"Modes: {', '.join(Mode)}.")
    if tokens is not None and threshold is not None:
        raise UsageError("--tokens and --threshold exclude each other.", "Give a budget or a threshold, not both.")
    chosen = Mode(mode or ("threshold" if tokens is None else "tokens"))
    if chosen is Mode.TOKENS and tokens is None:
        raise UsageError("--mode=tokens needs a number of tokens.", "Give one: --tokens=500.")
    for name, value in (("tokens", tokens), ("threshold", threshold)):
        if value is not None and chosen != name:
            raise UsageError(f"--{name} has no meaning with --mode={chosen}.", "Leave one of the two out.")
    return Aim(chosen, DEFAULT_THRESHOLD if threshold is None else threshold, tokens)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces to keep, by id and by heading, and the plan files to apply and to save, "" for none."""

    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep",
            metavar="ID",
            help="Keep a piece as it is, by its id in the receipt; a heading's id means its section. Can be repeated.",
            show_default=False,
        ),
    ] = None
    keep_section: Annotated[
        list[str] | None,
        typer.Option(
            "--keep-section",
            metavar="HEADING",
            help='Keep a section as it is, with those below it: "Examples", or "Usage > Examples". Can be repeated.',
            show_default=False,
        ),
    ] = None
    plan: Annotated[
        str,
        typer.Option(
            "--plan", metavar="FILE", help="Apply a saved plan, edited or not, instead of choosing.", show_default=False
        ),
    ] = ""
    save_plan: SavePlan = ""
    accept_unproved: AcceptUnproved = False


@dataclass(frozen=True, slots=True)
class Output:
    """Where the result goes, "" or "-" for stdout, and what is printed beside it or in its place."""

    file: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the result to this file instead of stdout.",
            show_default=False,
        ),
    ] = ""
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files (never the input).")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report only; write nothing.")] = False
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Approve in advance the result for a skill that itself makes skills smaller."),
    ] = False
    diff: Annotated[bool, typer.Option("--diff", help="Print a unified diff instead of the result.")] = False
    json_: Annotated[
        bool, typer.Option("--json", help="Print the record of the run as JSON instead of the result and the report.")
    ] = False
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Report every section and every changed block.")] = (
        False
    )
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No report; errors only.")] = False

    @property
    def to_stdout(self) -> bool:
        """Whether no file was named."""
        return self.file in ("", "-")

    def check(self) -> None:
        """Raise UsageError for options that exclude each other."""
        exclude(("--json", self.json_, "--diff", self.diff), ("--verbose", self.verbose, "--quiet", self.quiet))


@dataclass(frozen=True, slots=True)
class Source:
    """How a skill is read: what its tokens are counted in, the most bytes, and the configuration that goes with it."""

    encoding: Annotated[
        str, typer.Option(metavar="NAME", help="The tiktoken encoding to count tokens in, or `estimate`.")
    ] = DEFAULT_ENCODING
    max_bytes: Annotated[int, typer.Option(min=1, metavar="N", help="Refuse an input of more bytes.")] = MAX_BYTES
    config: Annotated[
        str,
        typer.Option(
            "--config",
            metavar="FILE",
            help="Take patterns from this TOML file. Default: the nearest .skill-distiller.toml, or pyproject.toml "
            "with [tool.skill-distiller], from the current folder up to the repository's root.",
            show_default=False,
        ),
    ] = ""
    no_config: Annotated[bool, typer.Option("--no-config", help="Use no configuration file.")] = False


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Which models take part in a run, and within which limits."""

    provider: Annotated[
        str,
        typer.Option(
            envvar=PROVIDER_VARIABLE,
            metavar="auto|ollama|gemini|openai|embedded|llm",
            help="Who classifies, rewrites and judges. auto: Ollama where it answers with a model, else Gemini where "
            "GEMINI_API_KEY is set, else OpenAI where OPENAI_API_KEY is, else embedded (no language model, no "
            "network). llm: as auto, but never embedded.",
        ),
    ] = "auto"
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The model. Default: for Ollama the first installed one that can chat, for Gemini gemini-3.8-flash, "
            "for OpenAI gpt-5.4-mini.",
            show_default=False,
        ),
    ] = ""
    with_ci: Annotated[
        bool, typer.Option("--with-ci", help="Ask the judging model three times and report an interval.")
    ] = False
    max_calls: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Send at most N requests.", show_default=False)
    ] = None
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither use nor keep answers of earlier runs.")] = False
    offline: Annotated[
        bool, typer.Option("--offline", help="No network at all: embedded, or answers of earlier runs.")
    ] = False
    allow_secrets: Annotated[
        bool,
        typer.Option("--allow-secrets", help="Send the skill to another machine even if it seems to hold secrets."),
    ] = False
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="The longest that one reply may take.")] = (
        DEFAULT_TIMEOUT
    )
    token_scorer: Annotated[
        str,
        typer.Option(
            metavar="none|local",
            help="Who finds phrases that tell little, besides the language model of --provider. local: a small one "
            "on this machine (pip install 'skill-distiller[local]').",
        ),
    ] = "none"


@dataclass(frozen=True, slots=True)
class Learnings:
    """Whether earlier runs count and this one is added to them, and where they are kept."""

    no_calibration: Annotated[
        bool, typer.Option("--no-calibration", help="Neither use nor add to the calibration data.")
    ] = False
    learnings_dir: LearningsDir = LEARNINGS


def exclude(*pairs: tuple[str, bool, str, bool]) -> None:
    """Raise UsageError where both options of a pair, each with whether it is given, are given."""
    for a, has_a, b, has_b in pairs:
        if has_a and has_b:
            raise UsageError(f"{a} and {b} exclude each other.", "Give one of them.")
