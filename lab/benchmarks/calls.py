"""How many calls a language model would get: the whole corpus with the scripted provider, which needs no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median

from lab.common.shared import LARGEST, SIZES, Entry, Shared, open_shared
from lab.common.tables import table
from skill_distiller.prompted.judge import PromptedJudge
from skill_distiller.prompted.read_skill import PromptedAnalyzer, groups_of
from skill_distiller.prompted.rewrite import PromptedRewriter
from skill_distiller.providers.scripted import ScriptedProvider
from skill_distiller.providers.session import Session
from skill_distiller.run.distill import distill
from skill_distiller.run.run import Backends, DistillOptions
from skill_distiller.skill.read import read_skill

SMALL = 3000  # tokens of a skill that one call has to do for
SKILLREDUCER = "20-40"


@dataclass(frozen=True, slots=True)
class Calls:
    """One skill: its tokens, the calls for its types, all calls, and the tokens of all prompts and replies."""

    entry: Entry
    tokens: int
    classification: int
    all: int
    asked_tokens: int


def measure(shared: Shared) -> tuple[Calls, ...]:
    """Distill every skill of the corpus at the default threshold with made-up replies."""
    return tuple(_calls(entry) for entry in shared.entries())


def _calls(entry: Entry) -> Calls:
    skill, embedded = read_skill(entry.path), Backends()
    session = Session(ScriptedProvider())
    analyzer, judge = PromptedAnalyzer(session, embedded.analyzer), PromptedJudge(session, embedded.judge)
    backends = Backends(analyzer, judge, renderers=(PromptedRewriter(session),))
    result = distill(skill, DistillOptions(), backends)
    usage = session.usage
    groups = len(groups_of(skill))
    return Calls(entry, result.input_tokens, groups, usage.calls, usage.input_tokens + usage.output_tokens)


def report(calls: Sequence[Calls]) -> str:
    """The section of the benchmark report."""
    small = [c for c in calls if c.tokens < SMALL]
    most = max((c.classification for c in small), default=0)
    most_all = max((c.all for c in small), default=0)
    rows = [_row("all", calls), _row(f"under {SMALL:,} tokens", small)]
    rows += [_row(size, [c for c in calls if c.entry.size == size]) for size in (*dict(SIZES), LARGEST)]
    return "\n\n".join(
        [
            "## Calls to a language model",
            f"Threshold mode with classification, phrase scoring, rewriting and judge; SkillReducer needs "
            f"{SKILLREDUCER} a skill. "
            f"Under {SMALL:,} tokens: at most **{most}** for the classification, at most **{most_all}** in all.",
            table(["skills", "number", "types, most", "all, mean", "all, most", "tokens in and out, median"], rows),
        ]
    )


def _row(name: str, calls: Sequence[Calls]) -> list[str]:
    if not calls:
        return [name, "0", "-", "-", "-", "-"]
    return [
        name,
        str(len(calls)),
        str(max(c.classification for c in calls)),
        f"{mean(c.all for c in calls):.2f}",
        str(max(c.all for c in calls)),
        f"{median(c.asked_tokens for c in calls):,.0f}",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    print(report(measure(open_shared(arguments, __doc__ or ""))))


if __name__ == "__main__":
    main()
