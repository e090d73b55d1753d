"""The option groups of the commands that work on skills, each option named once, and what they mean for a run.

A group is a frozen dataclass; `option_groups.expand_groups` makes parameters of its fields.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from math import floor
from typing import ClassVar, Final, NamedTuple

from skill_distiller.cli.options.completion import encodings, headings, one_of, pieces
from skill_distiller.cli.options.option_groups import option
from skill_distiller.errors import UsageError
from skill_distiller.planning.plan import Mode
from skill_distiller.rewriting.model import Wording
from skill_distiller.run.run import DEFAULT_THRESHOLD, DistillOptions, Gate
from skill_distiller.skill.model import MAX_BYTES, Skill
from skill_distiller.tokens import DEFAULT_ENCODING, count_skill, load_counter

SAVE_PLAN: Final = option(
    "",
    "--save-plan",
    panel="Keep",
    metavar="FILE",
    help="Save to this file, as YAML, what became of every piece; --plan applies it.",
)
ACCEPT_UNPROVED: Final = option(
    False,
    "--accept-unproved",
    panel="Keep",
    help="Take texts of a plan or a model that no program can show to say the same.",
)
ALLOW_UNVERIFIED: Final = option(
    False,
    "--allow-unverified",
    panel="Aim",
    help="Write a result that fails its own verification; without this option it is refused.",
)
EXAM: Final = "exam"
ADAPTIVE: Final = "adaptive"
FAITHFULNESS: Final = "faithfulness"
GATES: Final = (FAITHFULNESS, EXAM, ADAPTIVE)

GATE: Final[list[str] | None] = option(
    None,
    "--gate",
    panel="Aim",
    metavar="|".join(GATES),
    complete=one_of(*GATES),
    help="faithfulness: what stays in other words says all that it said, or comes back. exam: what carries the "
    "criteria of an exam that the result fails comes back. Both at most twice; with --strict what fails then is "
    "refused. adaptive: the smallest result that answers 9 of 10 questions as the original does. Can be repeated.",
)
GATE_OF_REDUCE: Final[list[str] | None] = option(
    None,
    "--gate",
    panel="Aim",
    metavar=EXAM,
    help="exam: what carries the criteria of an exam that an agent fails with the result, and not with the original, "
    "comes back (at most twice; with --strict what fails then is refused). Without a model nothing can fail: what "
    "moved is all there.",
)
EXAM_FILE: Final[str] = option(
    "",
    "--exam",
    panel="Aim",
    metavar="FILE",
    help="The exam for --gate. Default: that of the skill, else one by program (adaptive: questions of a model).",
)


@dataclass(frozen=True, slots=True)
class Goal:
    """What to aim at, and whether what is missing on the way is an error; `mode` "" is the one the others imply."""

    PANEL: ClassVar[str] = "Aim"
    mode: str = option(
        "",
        metavar="|".join(Mode),
        complete=one_of(*Mode),
        help="What to aim at: a share of the functionality, a number of tokens, or three lines. "
        "Default: threshold, or tokens with --tokens.",
    )
    threshold: str = option(
        "", metavar="0-1", help=f"The share of the functionality to keep, or 90%. Default: {DEFAULT_THRESHOLD:g}."
    )
    tokens: str = option(
        "", metavar="N", help="The most tokens the result may have, frontmatter included: 800, 1k, or 60% of the skill."
    )
    wording: str = option(
        Wording.DETAIL.value,
        metavar="|".join(Wording),
        complete=one_of(*Wording),
        help="What may go inside the text that stays. keep: nothing. marks: emphasis, line ends inside sentences, "
        "padding of tables. detail: besides, words of examples, edge cases, explanations and details; instructions "
        "keep theirs. terse: words everywhere.",
    )
    strict: bool = option(False, "--strict", help="Treat as errors: no frontmatter, no trigger section.")
    allow_unverified: bool = ALLOW_UNVERIFIED

    @property
    def is_one_liner(self) -> bool:
        """Whether three lines are asked for."""
        return _plain(self.mode) == Mode.ONELINER

    @property
    def gate(self) -> Gate:
        """What becomes of a result that fails its verification; raises UsageError for both options."""
        exclude(("--strict", self.strict, "--allow-unverified", self.allow_unverified))
        return Gate.STRICT if self.strict else Gate.REPORT if self.allow_unverified else Gate.REFUSE


def _plain(mode: str) -> str:
    """The name of a mode as it is, however it was written: `one-liner`, `One_Liner`."""
    return mode.lower().replace("-", "").replace("_", "")


class TokenBudget(NamedTuple):
    """The most tokens of a result: a number of them, or a share (0-1) of those of the skill."""

    tokens: int | None = None
    share: float | None = None

    def within(self, skill_tokens: int) -> int | None:
        """The budget for a skill of so many tokens, None where there is none."""
        return self.tokens if self.share is None else max(1, floor(self.share * skill_tokens))


_NUMBER: Final = re.compile(r"([+-]?\d[\d_]*(?:[.,]\d+)*|[+-]?[.,]\d+|nan|inf)\s*(k|%|tokens?)?", re.IGNORECASE)
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
_LEAST_PERCENT: Final = 0.01  # below it a share was meant, and the sign is one too many
_FOR_EXAMPLE: Final = "Use for example --tokens=500."


def read_threshold(text: str) -> float:
    """The threshold that a text means, `0.9` or `90%`; raises UsageError where it means none between 0 and 1."""
    match = _NUMBER.fullmatch(text.strip())
    unit = (match[2] or "").lower() if match else ""
    if match is None or unit not in ("", "%"):
        raise UsageError(f"The threshold {text!r} is not a number.", "Use for example 0.9, or 90%.")
    value = float(match[1].replace(",", ".").replace("_", "")) / (100 if unit else 1)
    if unit and 0 < value < _LEAST_PERCENT:
        raise UsageError(f"The threshold {text.strip()} is next to nothing.", f"Did you mean {match[1]}, or 90%?")
    if not 0 <= value <= 1:
        hint = f"Did you mean {value:g}%?" if not unit and 10 <= value <= 100 else "Use for example 0.9, or 90%."
        raise UsageError(f"The threshold {text.strip()} is not between 0 and 1.", hint)
    return value


def read_budget(text: str) -> TokenBudget:
    """The budget that a text means: `800`, `1k`, `1,500` or `60%`; raises UsageError where it means none."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is not a number of tokens.", "Use for example --tokens=500, 1k, or 60%.")
    number = match[1].replace("_", "")
    number = number.replace(",", "") if _THOUSANDS.fullmatch(number) else number.replace(",", ".")
    value, unit = float(number), (match[2] or "").lower()
    if unit == "%":
        if not 0 < value <= 100:
            raise UsageError(f"{text.strip()} is no part of a skill.", "Use 1% to 100%, for example --tokens=60%.")
        return TokenBudget(share=value / 100)
    tokens = value * (1000 if unit == "k" else 1)
    if not 1 <= tokens < _MOST_TOKENS or tokens != round(tokens):
        hint = f"Did you mean {100 * tokens:g}%?" if 0 < tokens < 1 else _FOR_EXAMPLE
        raise UsageError(f"{text.strip()} is not a number of tokens.", hint)
    return TokenBudget(round(tokens))


_MOST_TOKENS: Final = 10**12


def options_of(goal: Goal) -> DistillOptions:
    """What the options of a goal mean together, but for a budget in percent: see `with_budget`.

    Raises UsageError where they do not fit together.
    """
    mode, threshold, tokens = _plain(goal.mode), goal.threshold or None, goal.tokens or None
    if mode and mode not in tuple(Mode):
        raise UsageError(f"There is no mode {goal.mode!r}.", f"Modes: {', '.join(Mode)}.")
    if tokens is not None and threshold is not None:
        raise UsageError("--tokens and --threshold exclude each other.", "Give a budget or a threshold, not both.")
    chosen = Mode(mode or ("threshold" if tokens is None else "tokens"))
    if chosen is Mode.TOKENS and tokens is None:
        raise UsageError("--mode=tokens needs a number of tokens.", "Give one: --tokens=500.")
    for name, value in (("tokens", tokens), ("threshold", threshold)):
        if value is not None and chosen != name:
            raise UsageError(f"--{name} has no meaning with --mode={chosen}.", "Leave one of the two out.")
    share = DEFAULT_THRESHOLD if threshold is None else read_threshold(threshold)
    if goal.wording not in tuple(Wording):
        raise UsageError(f"There is no wording {goal.wording!r}.", f"Wordings: {', '.join(Wording)}.")
    budget = read_budget(tokens).tokens if tokens else None
    return DistillOptions(share, gate=goal.gate, wording=Wording(goal.wording), mode=chosen, tokens=budget)


def with_budget(options: DistillOptions, goal: Goal, skill: Skill) -> DistillOptions:
    """The options with the budget for a skill, where it was given in percent; an estimated count gives an estimate."""
    if not goal.tokens or options.tokens is not None or options.plan:
        return options
    counter = load_counter(options.counting.encoding, offline=options.counting.offline)
    return replace(options, tokens=read_budget(goal.tokens).within(count_skill(skill, {}, counter)))


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces to keep: by id, by heading, by an exam; and the plan files to apply and to save. "" means none."""

    PANEL: ClassVar[str] = "Keep"
    keep: list[str] | None = option(
        None,
        "--keep",
        metavar="ID",
        complete=pieces,
        help="Keep a piece as it is, by its id in the receipt; a heading's id means its section. Can be repeated.",
    )
    keep_section: list[str] | None = option(
        None,
        "--keep-section",
        metavar="HEADING",
        complete=headings,
        help='Keep a section as it is, with those below it: "Examples", or "Usage > Examples". Can be repeated.',
    )
    no_drop: bool = option(
        False,
        "--no-drop",
        help="Drop no piece but what is said together with others, or repeats a piece that stays.",
    )
    interactive: bool = option(
        False,
        "--interactive",
        "-i",
        help="Ask about each piece that would go, the largest first: drop, keep, or move to a reference (with -o "
        "FOLDER/). Saves a plan.",
    )
    plan: str = option("", "--plan", metavar="FILE", help="Apply a saved plan, edited or not, instead of choosing.")
    save_plan: str = SAVE_PLAN
    accept_unproved: bool = ACCEPT_UNPROVED
    gates: list[str] | None = GATE
    exam_file: str = EXAM_FILE

    def check_gates(self, mode: Mode) -> None:
        """Raise UsageError for gates that are none, or that the other options leave no room for."""
        check_gates_of(self.gates or (), self.exam_file, mode, plan=bool(self.plan))


@dataclass(frozen=True, slots=True)
class Output:
    """Where the result goes, "" or "-" for stdout, and what is printed beside it or in its place."""

    PANEL: ClassVar[str] = "Output"
    file: str = option(
        "",
        "--output",
        "-o",
        metavar="FILE",
        help="Write the result to this file instead of stdout; of a skill folder all files to a folder (new/).",
    )
    apply: bool = option(
        False, "--apply", help="Write the result over the input, after a backup; `skill-distiller undo` takes it back."
    )
    force: bool = option(
        False, "--force", help="Overwrite existing files; with --apply also one with changes that are not committed."
    )
    dry_run: bool = option(False, "--dry-run", help="Report only; write nothing.")
    yes: bool = option(
        False, "--yes", "-y", help="Approve in advance the result for a skill that itself makes skills smaller."
    )
    diff: bool = option(False, "--diff", help="Print a unified diff instead of the result.")
    json_: bool = option(
        False, "--json", help="Print the record of the run as JSON instead of the result and the report."
    )
    verbose: bool = option(False, "--verbose", "-v", help="Report every section and every changed block.")
    quiet: bool = option(False, "--quiet", "-q", help="No report; errors only.")

    @property
    def to_stdout(self) -> bool:
        """Whether the result goes nowhere else."""
        return self.file in ("", "-") and not self.apply

    @property
    def only_shows(self) -> bool:
        """Whether no result is handed out: a dry run, or a diff in its place."""
        return self.dry_run or (self.diff and self.to_stdout)

    def check(self) -> None:
        """Raise UsageError for options that exclude each other."""
        exclude(("--apply", self.apply, "--output", bool(self.file)))
        exclude(("--json", self.json_, "--diff", self.diff), ("--verbose", self.verbose, "--quiet", self.quiet))


@dataclass(frozen=True, slots=True)
class Source:
    """How a skill is read: what its tokens are counted in, the most bytes, and the configuration that goes with it."""

    PANEL: ClassVar[str] = "Reading"
    encoding: str = option(
        DEFAULT_ENCODING,
        metavar="NAME",
        complete=encodings,
        help="The tiktoken encoding to count tokens in, or `estimate`.",
    )
    max_bytes: int = option(MAX_BYTES, min=1, metavar="N", help="Refuse an input of more bytes.")
    config: str = option(
        "",
        "--config",
        metavar="FILE",
        help="Take settings and patterns from this TOML file. Default: the nearest .skill-distiller.toml, or "
        "pyproject.toml with [tool.skill-distiller], from the current folder up to the repository's root; below it "
        "the one in the home folder.",
    )
    no_config: bool = option(False, "--no-config", help="Use no configuration file.")


def exclude(*pairs: tuple[str, bool, str, bool]) -> None:
    """Raise UsageError where both options of a pair, each with whether it is given, are given."""
    for a, has_a, b, has_b in pairs:
        if has_a and has_b:
            raise UsageError(f"{a} and {b} exclude each other.", "Give one of them.")


def check_gates(names: Collection[str], exam_file: str, *, allowed: Collection[str] = GATES) -> None:
    """Raise UsageError for gates that are none or exclude each other, and for an exam that none of them takes."""
    unknown = next((name for name in names if name not in GATES), "")
    if unknown:
        raise UsageError(f"There is no gate {unknown!r}.", f"Gates: {', '.join(allowed)}.")
    if other := [name for name in names if name not in allowed]:
        raise UsageError(f"--gate={other[0]} has no meaning here.", f"Use --gate={', '.join(allowed)}.")
    if ADAPTIVE in names and len(set(names)) > 1:
        raise UsageError("--gate=adaptive goes with no other gate.", "Name one of them.")
    if exam_file and not {EXAM, ADAPTIVE} & set(names):
        raise UsageError("--exam needs --gate.", "Give --gate=exam or --gate=adaptive.")


def check_gates_of(names: Collection[str], exam_file: str, mode: Mode, *, plan: bool) -> None:
    """The same for `compress`, whose mode and plan may leave gates no room."""
    check_gates(names, exam_file)
    if names and (plan or mode is Mode.ONELINER):
        raise UsageError("--gate chooses again, which a plan and oneliner mode don't allow.", "Leave it out.")
    if ADAPTIVE in names and mode is Mode.TOKENS:
        raise UsageError("--gate=adaptive finds the size itself.", "Leave --tokens out, or use --gate=exam.")
