"""The baseline of whoever asks a model to shorten a skill: one request, and its reply cut where it is too long."""

from __future__ import annotations

from typing import Final

from skill_distiller.errors import MalformedReplyError, ProviderError
from skill_distiller.exams.baselines import truncate
from skill_distiller.prompted.exchange import DIRECT, new_boundary
from skill_distiller.providers.model import Expected
from skill_distiller.providers.session import Question, Session
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, count_tokens

_REPAIRS: Final = 1


def expected_direct(skill: Skill, tokens: int) -> Expected:
    """About what it will ask."""
    return Expected(1, count_tokens(skill.body) + tokens + count_tokens(DIRECT.text))


def shorten_directly(session: Session, skill: Skill, tokens: int, counter: TokenCounter) -> Skill:
    """What a model makes of a skill whose SKILL.md may take so many tokens; nothing of it is checked.

    Raises ProviderError where no text comes, and what the session raises.
    """
    session.admit(skill.text)
    room, problem = max(1, tokens - counter.count(skill.frontmatter.raw)), ""
    for tries in range(_REPAIRS + 1):
        boundary = new_boundary([skill.text])
        values = {"tokens": str(room), "problem": problem, "body": skill.body}
        request = DIRECT.request(room, sample=tries, boundary=boundary, values=values)
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
