"""`skill-distiller soft data`: the examples of the three phases, made from skills and articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from skill_distiller.cli.input_output import check_target, write_atomically, write_json, write_stdout
from skill_distiller.cli.options.models import SPENDING, Spent
from skill_distiller.cli.options.option_groups import argument, command_group, expand_groups, option
from skill_distiller.cli.soft.use_skills import JSON
from skill_distiller.errors import BadInputError, ProviderError, UsageError
from skill_distiller.providers.detect import CHOICES
from skill_distiller.providers.model import NO_PROVIDER
from skill_distiller.report.text import printable
from skill_distiller.run.run import ProviderOptions, open_session
from skill_distiller.soft.reconstruction import (
    DEFAULT_COLUMNS,
    DEFAULT_DISTANCE,
    DEFAULT_LEAST,
    Built,
    Choice,
    FoundSkill,
    build_reconstruction,
    build_warm_up,
    find_skills,
    parse_columns,
    quantiles,
)

if TYPE_CHECKING:
    from skill_distiller.providers.session import Session

_SCHEMA: Final = "skill-distiller/soft-data/1"
_SEED: Final = option(42, "--seed", help="Of what is decided by chance.")
_HOLDOUT: Final = option(0.0, "--holdout", metavar="0-1", help="Hold out this share, in FILE.holdout.jsonl.")
_PLACES: Final[list[str]] = argument(help="Skills, or folders that hold some.", metavar="SKILLS")

data = command_group("Make the examples that a compressor is trained on.")


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where examples go."""

    output: str = option("", "-o", "--output", metavar="FILE", help="Write the examples here, as JSONL.")
    force: bool = option(False, "--force", help="Overwrite files that are there.")
    json_: bool = JSON

    def check(self, holdout: float = 0.0) -> None:
        """Raise for a share that is none, and for places that can't be written to."""
        if not 0 <= holdout < 1:
            raise UsageError(f"--holdout={holdout:g} is no share.", "Give one from 0 up to, but not, 1.")
        if not self.output:
            raise UsageError("There is no file to write to.", "Name one with -o.")
        for place in (self.output, *([self.held_out] if holdout else [])):
            check_target(place, None, folder_given=False, force=self.force)

    @property
    def held_out(self) -> str:
        """The file of what is held out."""
        return str(Path(self.output).with_suffix("")) + ".holdout.jsonl"

    def write(self, built: Built) -> None:
        """Write the examples, tell how many there are."""
        from skill_distiller.soft.examples import write_lines

        if not built.examples:
            raise BadInputError("No example is left.", f"Left out: {_counts(built.dropped) or 'nothing was found'}.")
        write_atomically(Path(self.output), write_lines(built.examples))
        if built.held_out:
            write_atomically(Path(self.held_out), write_lines(built.held_out))
        lengths = quantiles([sum(map(len, example.skills)) for example in built.examples])
        if self.json_:
            write_json(
                {"schema": _SCHEMA, "file": self.output, "examples": len(built.examples),
                 "held_out": len(built.held_out), "dropped": dict(built.dropped), "characters": lengths}
            )  # fmt: skip
            return
        write_stdout(f"{self.output}\n")
        held = f", {len(built.held_out)} held out" if built.held_out else ""
        sizes = ", ".join(f"{name} {value:,}" for name, value in lengths.items())
        typer.echo(f"{len(built.examples)} examples{held}; characters of a skill: {sizes}.", err=True)
        if left_out := _counts(built.dropped):
            typer.echo(f"Left out: {left_out}.", err=True)


def _counts(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{count} ({reason})" for reason, count in sorted(dropped.items()) if count)


@data.command("reconstruction")
@expand_groups
def reconstruction(
    delivery: Delivery,
    places: list[str] = _PLACES,
    least: int = option(DEFAULT_LEAST, "--min-chars", metavar="N", help="Leave out shorter bodies."),
    keep_away: str = option("", "--keep-away", metavar="DIR", help="Leave out what is near a skill in this folder."),
    distance: int = option(DEFAULT_DISTANCE, "--distance", metavar="N", help="Near: at most so many edits."),
    holdout: float = _HOLDOUT,
    seed: int = _SEED,
) -> None:
    """Make examples of reconstruction from skills."""
    delivery.check(holdout)
    tests = tuple(found.skill.body for found in find_skills([Path(keep_away)])) if keep_away else ()
    dropped = Counter[str]()
    found = find_skills([Path(place) for place in places], dropped)
    choice = Choice(least, tests, distance, holdout, seed)
    delivery.write(build_reconstruction(found, choice, dropped))


@data.command("warmup")
@expand_groups
def warmup(
    delivery: Delivery,
    file: str = argument(help="A CSV or JSONL file of articles, like wikihowAll.csv.", metavar="FILE"),
    columns: str = option(DEFAULT_COLUMNS, "--columns", metavar="NAMES", help="Which column holds what."),
    holdout: float = _HOLDOUT,
    seed: int = _SEED,
) -> None:
    """Make examples of the warm-up from how-to articles."""
    delivery.check(holdout)
    delivery.write(build_warm_up(Path(file), parse_columns(columns), holdout, seed))


@dataclass(frozen=True, slots=True)
class Asked:
    """The models of the alignment, and what may be asked of them."""

    provider: str = option("auto", metavar="|".join(CHOICES[:4]), help="Who evaluates skills and writes questions.")
    model: str = option("", metavar="MODEL", help="Its model.")
    answer_provider: str = option("", metavar="PROVIDER", help="Who answers: the target. Default: the same.")
    answer_model: str = option("", metavar="MODEL", help="Its model.")
    spending: Spent = SPENDING
    no_cache: bool = option(False, "--no-cache", help="Neither use nor keep replies; a stopped run begins anew.")
    offline: bool = option(False, "--offline", help="Use kept replies alone.")
    allow_secrets: bool = option(False, "--allow-secrets", help="Send skills that seem to hold secrets.")

    def open(self, provider: str, model: str) -> Session:
        """A session with one of them."""
        return session_with(
            ProviderOptions(
                provider,
                model,
                spending=self.spending,
                no_cache=self.no_cache,
                offline=self.offline,
                allow_secrets=self.allow_secrets,
            )
        )


@data.command("alignment")
@expand_groups
def alignment(
    delivery: Delivery,
    asked: Asked,
    places: list[str] = _PLACES,
    questions: int = option(5, "--questions", min=1, help="Questions of a skill."),
    seed: int = _SEED,
    dry_run: bool = option(False, "--dry-run", help="Say what would be asked, and ask nothing."),
) -> None:
    """Make examples of the alignment: models ask, answer and use tools as skills say."""
    from skill_distiller.soft.alignment import AlignmentOptions, build_alignment, expected_calls

    dropped = Counter[str]()
    skills = _distinct(find_skills([Path(place) for place in places], dropped))
    if not skills:
        raise BadInputError("There are no skills.", "Name skills, or folders that hold some.")
    options = AlignmentOptions(questions=questions, seed=seed)
    ask, answer = expected_calls(skills, options)
    if dry_run:
        asked_of = {"evaluator": ask, "answerer": answer}
        plain = {name: {"calls": one.calls, "tokens": one.tokens} for name, one in asked_of.items()}
        if delivery.json_:
            write_json({"schema": "skill-distiller/soft-data-plan/1", "skills": len(skills), **plain})
        else:
            write_stdout(f"{len(skills)} skills; at most about:\n")
            for name, expected in asked_of.items():
                write_stdout(f"{name}: {expected.calls:,} requests, {expected.tokens:,} tokens\n")
        return
    delivery.check()
    evaluator = asked.open(asked.provider, asked.model)
    named = asked.answer_provider or asked.answer_model
    answerer = asked.open(asked.answer_provider or asked.provider, asked.answer_model) if named else evaluator
    sessions = {"evaluator": evaluator, "answerer": answerer} if named else {"evaluator and answerer": evaluator}
    evaluator.expect(ask)
    answerer.expect(answer)
    try:
        examples, left_out = build_alignment(skills, evaluator, answerer, options)
    finally:
        for name, session in sessions.items():
            session.close()
            use = session.usage
            tokens = use.input_tokens + use.output_tokens
            told = f"{name} {session.name}: {use.calls} requests, {use.cached} from the cache, {tokens:,} tokens."
            typer.echo(printable(told), err=True)
    delivery.write(Built(examples, (), {**dropped, **left_out}))


def _distinct(found: Iterable[FoundSkill]) -> list[FoundSkill]:
    """The skills without those whose body came before."""
    return list({one.skill.body: one for one in reversed(list(found))}.values())[::-1]


def session_with(options: ProviderOptions) -> Session:
    """A session with a model; raises ProviderError where there is none."""
    session = open_session(options, None)
    if session is None:
        raise ProviderError("This needs a language model, and there is none.", NO_PROVIDER)
    return session
