"""The options that commands share, named once, and what a run aims at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from skill_distiller.errors import UsageError

if TYPE_CHECKING:
    from skill_distiller.calibration.log_files import Ledger
    from skill_distiller.calibration.store import CalibrationStore

LEARNINGS: Final = ".learnings"
OFF: Final = "off"  # in place of a folder: no calibration, as with --no-calibration

Output = Annotated[
    str,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write the result to this file instead of stdout.", show_default=False
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing files (never the input).")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report only; write nothing.")]
Diff = Annotated[bool, typer.Option("--diff", help="Print a unified diff instead of the result.")]
RecordAsJson = Annotated[
    bool, typer.Option("--json", help="Print the record of the run as JSON instead of the result and the report.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Report every section and every changed block.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No report; errors only.")]
Encoding = Annotated[str, typer.Option(metavar="NAME", help="The tiktoken encoding to count tokens in, or `estimate`.")]
MaxBytes = Annotated[int, typer.Option(min=1, metavar="N", help="Refuse an input of more bytes.")]
LearningsDir = Annotated[
    str,
    typer.Option(
        "--learnings-dir",
        envvar="SKILL_DISTILLER_LEARNINGS",
        metavar="DIR",
        help="The folder that holds the calibration data, or `off`.",
    ),
]
NoCalibration = Annotated[bool, typer.Option("--no-calibration", help="Neither use nor add to the calibration data.")]

ConfigFile = Annotated[
    str,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Take patterns from this TOML file. Default: the nearest .skill-distiller.toml, or pyproject.toml with "
        "[tool.skill-distiller], from the current folder up to the repository's root.",
        show_default=False,
    ),
]
NoConfig = Annotated[bool, typer.Option("--no-config", help="Use no configuration file.")]
Yes = Annotated[
    bool,
    typer.Option("--yes", "-y", help="Approve in advance the result for a skill that itself makes skills smaller."),
]


def open_store(learnings: str) -> CalibrationStore:
    """The store below a folder of learnings; raises UsageError where calibration is switched off."""
    from skill_distiller.calibration.store import CalibrationStore

    if learnings == OFF:
        raise UsageError("Calibration is switched off.", "Name its folder with --learnings-dir.")
    return CalibrationStore(Path(learnings or LEARNINGS))


def read_whole(store: CalibrationStore) -> Ledger:
    """Everything the store and its archive hold, with a warning on stderr for what can't be read."""
    from skill_distiller.report.calibration_text import unreadable_text
    from skill_distiller.report.text import printable

    ledger = store.read(whole=True)
    if ledger.unreadable:
        typer.echo(f"Warning: {printable(unreadable_text(str(store.file), ledger.unreadable))}", err=True)
    return ledger


def exclude(*pairs: tuple[str, bool, str, bool]) -> None:
    """Raises UsageError where both options of a pair, each with whether it is given, are given."""
    for a, has_a, b, has_b in pairs:
        if has_a and has_b:
            raise UsageError(f"{a} and {b} exclude each other.", "Give one of them.")


DEFAULT_THRESHOLD: Final = 0.9
MODES: Final = ("threshold", "tokens", "oneliner")


@dataclass(frozen=True, slots=True)
class Aim:
    """A mode by name, with the threshold (0-1) and the number of tokens that go with it."""

    mode: str
    threshold: float
    tokens: int | None


def choose_aim(mode: str, threshold: float | None, tokens: int | None) -> Aim:
    """The aim that the options mean together; `mode` "" is the one that the others imply.

    Raises UsageError where they do not fit together.
    """
    if mode and mode not in MODES:
        raise UsageError(f"There is no mode {mode!r}.", f"Modes: {', '.join(MODES)}.")
    if tokens is not None and threshold is not None:
        raise UsageError("--tokens and --threshold exclude each other.", "Give a budget or a threshold, not both.")
    chosen = mode or ("threshold" if tokens is None else "tokens")
    if chosen == "tokens" and tokens is None:
        raise UsageError("--mode=tokens needs a number of tokens.", "Give one: --tokens=500.")
    for name, value in (("tokens", tokens), ("threshold", threshold)):
        if value is not None and chosen != name:
            raise UsageError(f"--{name} has no meaning with --mode={chosen}.", "Leave one of the two out.")
    return Aim(chosen, DEFAULT_THRESHOLD if threshold is None else threshold, tokens)


PROVIDER_VARIABLE: Final = "SKILL_DISTILLER_PROVIDER"

Provider = Annotated[
    str,
    typer.Option(
        envvar=PROVIDER_VARIABLE,
        metavar="auto|ollama|gemini|openai|embedded|llm",
        help="Who classifies, rewrites and judges. auto: Ollama where it answers with a model, else Gemini where "
        "GEMINI_API_KEY is set, else OpenAI where OPENAI_API_KEY is, else embedded (no language model, no network). "
        "llm: as auto, but never embedded.",
    ),
]
Model = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="The model. Default: for Ollama the first installed one that can chat, for Gemini gemini-3.8-flash, for "
        "OpenAI gpt-5.4-mini.",
        show_default=False,
    ),
]
WithCi = Annotated[bool, typer.Option("--with-ci", help="Ask the judging model three times and report an interval.")]
MaxCalls = Annotated[int | None, typer.Option(min=0, metavar="N", help="Send at most N requests.", show_default=False)]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither use nor keep answers of earlier runs.")]
Offline = Annotated[bool, typer.Option("--offline", help="No network at all: embedded, or answers of earlier runs.")]
AllowSecrets = Annotated[
    bool, typer.Option("--allow-secrets", help="Send the skill to another machine even if it seems to hold secrets.")
]
Timeout = Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="The longest that one reply may take.")]
