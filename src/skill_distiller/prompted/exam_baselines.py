"""The baselines of `exam compare`: those that are always there, LLMLingua-2, and what a model makes of a skill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from skill_distiller.errors import MalformedReplyError, ProviderError, UsageError
from skill_distiller.exams.baselines import BASELINES, LINGUA, Baseline, baseline_skill, load_llmlingua, truncate
from skill_distiller.prompted.exchange import DIRECT as PROMPT
from skill_distiller.prompted.exchange import new_boundary
from skill_distiller.providers.model import Expected
from skill_distiller.providers.session import Question, Session
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, count_tokens

if TYPE_CHECKING:
    from skill_distiller.prompted.sit_exam import Examiner

DIRECT: Final = "direct"  # the baseline that a model makes
_REPAIRS: Final = 1


def expected_direct(skill: Skill, tokens: int) -> Expected:
    """About what it will ask."""
    return Expected(1, count_tokens(skill.body) + tokens + count_tokens(PROMPT.text), tokens)


def shorten_directly(session: Session, skill: Skill, tokens: int, counter: TokenCounter) -> Skill:
    """What a model makes of a skill whose SKILL.md may take so many tokens; nothing of it is checked.

    Raises ProviderError where no text comes, and what the session raises.
    """
    session.admit(skill.text)
    room, problem = max(1, tokens - counter.count(skill.frontmatter.raw)), ""
    for tries in range(_REPAIRS + 1):
        boundary = new_boundary([skill.text])
        values = {"tokens": str(room), "problem": problem, "body": skill.body}
        request = PROMPT.request(room, sample=tries, boundary=boundary, values=values)
        (reply,) = session.ask_all([Question(request, _read_body)])
        if isinstance(reply, str):
            made = parse_skill(f"{skill.frontmatter.raw}{reply.rstrip()}\n", skill.path)
            return parse_skill(skill.frontmatter.raw + truncate(made, room, counter.count), skill.path)
        problem = f"Your last answer could not be used. {reply}"
    raise ProviderError(f"{session.name} gave no shorter text.", "Leave --sit=direct out, or use another model.")


def _read_body(value: dict[str, object]) -> str:
    body = value.get("body")
    if not isinstance(body, str) or not body.strip():
        raise MalformedReplyError("It held no body.")
    return body


def more_baselines(sit: Sequence[str], lingua: str, *, offline: bool) -> Mapping[str, Baseline]:
    """The baselines besides those that are always there; raises UsageError for one that there is not."""
    known = (*BASELINES, LINGUA, DIRECT)
    if unknown := [name for name in sit if name not in known]:
        raise UsageError(f"There is no baseline {unknown[0]!r}.", f"Baselines: {', '.join(known)}.")
    if LINGUA in sit and not lingua:
        raise UsageError(f"--sit={LINGUA} needs its model.", "Name one with --llmlingua.")
    return {LINGUA: load_llmlingua(lingua, offline=offline)} if lingua else {}


def baseline_folder(
    name: str,
    more: Mapping[str, Baseline],
    folders: tuple[SkillFolder, SkillFolder],
    counter: TokenCounter,
    found: Examiner | None,
) -> SkillFolder:
    """The original, first of the two folders, with what a baseline leaves of it at the tokens of the second."""
    original, candidate = folders
    tokens = counter.count(candidate.skill.text)
    if name != DIRECT:
        return original.with_skill(baseline_skill(original.skill, {**BASELINES, **more}[name], tokens, counter.count))
    if found is None:
        raise UsageError("--sit=direct asks a model.", "Name one with --provider, and an exam that can be answered.")
    found.answering.expect(expected_direct(original.skill, tokens))
    return original.with_skill(shorten_directly(found.answering, original.skill, tokens, counter))
