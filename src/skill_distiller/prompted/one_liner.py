"""The prompted one-liner: a language model writes the three lines, a program checks what they say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from skill_distiller.analysis.reading import Reading
from skill_distiller.errors import MalformedReplyError, PromptTooLongError
from skill_distiller.prompted.exchange import ONE_LINER, excerpt, headings, new_boundary
from skill_distiller.providers.model import Expected, Request
from skill_distiller.providers.session import Question, Session
from skill_distiller.rewriting.one_liner.check import problems
from skill_distiller.rewriting.one_liner.line_text import plain
from skill_distiller.rewriting.one_liner.model import PREFIXES, OneLiner, OneLinerWriter
from skill_distiller.rewriting.one_liner.triggers import quotes
from skill_distiller.rewriting.one_liner.write import with_phrases
from skill_distiller.skill.model import Block, Skill
from skill_distiller.tokens import TokenCounter, count_tokens

_REPAIRS: Final = 1
_MOST_TOKENS: Final = 12_000  # of the skill in a prompt; of a longer one the most important blocks are shown
_REPLY_TOKENS: Final = 400


@dataclass(frozen=True, slots=True)
class PromptedOneLiner:
    """Three lines by a language model, each fact of them checked against the skill.

    Lines that are refused are asked for once more with what was wrong; then those of the embedded
    writer stand, and the method says so.
    """

    session: Session
    embedded: OneLinerWriter

    def expected(self, skill: Skill) -> Expected:
        """About what `write` will ask, without a repair."""
        prompt = count_tokens(ONE_LINER.text)
        reply = _REPLY_TOKENS // 2
        return Expected(1, prompt + min(_MOST_TOKENS, count_tokens(skill.body)) + reply, reply)

    def write(self, reading: Reading, counter: TokenCounter) -> OneLiner:
        """The three lines; raises what the session raises."""
        self.session.admit(reading.skill.text)
        embedded = self.embedded.write(reading, counter)
        problem = ""
        for tries in range(_REPAIRS + 1):
            request = self._request(reading, embedded, problem, tries)
            (answer,) = self.session.ask_all([Question(request, read_lines)])
            if isinstance(answer, PromptTooLongError):
                break
            if isinstance(answer, MalformedReplyError):
                problem = f"Your last answer could not be used. {answer}"
                continue
            written = replace(answer, method=self.session.name)
            found = list(problems(written, reading, counter))
            completed = with_phrases(written, embedded, counter)
            if completed is None:
                found.append("The trigger leaves no room for the quoted phrases that have to stay.")
            elif not found:
                return completed
            problem = f"Your last answer was refused. {' '.join(found)}"
        return replace(embedded, method=f"{embedded.method} (no usable answer of {self.session.name})")

    def _request(self, reading: Reading, embedded: OneLiner, problem: str, tries: int) -> Request:
        skill = reading.skill
        boundary = new_boundary([skill.text])
        kept = [embedded.trigger[start:end] for start, end in quotes(embedded.trigger)]
        values = {
            "problem": problem,
            "name": skill.name,
            "description": skill.description,
            "phrases": " ".join(kept) or "none",
            "blocks": "\n".join(
                f"{boundary} {headings(skill, block)}\n{excerpt(block.text)}" for block in shown_blocks(reading)
            ),
        }
        return ONE_LINER.request(_REPLY_TOKENS, sample=tries, boundary=boundary, values=values)


def shown_blocks(reading: Reading) -> list[Block]:
    """Every block of a skill of ordinary length, in order; of a long one the most important."""
    room, chosen = _MOST_TOKENS, []
    for block in sorted(reading.skill.blocks, key=lambda b: -reading.verdicts[b.index].importance):
        room -= count_tokens(excerpt(block.text))
        if room < 0:
            break
        chosen.append(block)
    return sorted(chosen, key=lambda block: block.index)


def read_lines(value: dict[str, object]) -> OneLiner:
    """The three texts, each on one line. Raises MalformedReplyError where one is missing or empty."""
    texts: list[str] = []
    for name, prefix in zip(ONE_LINER.reply, PREFIXES, strict=True):
        text = value.get(name)
        line = plain(text).removeprefix(prefix.strip()).strip() if isinstance(text, str) else ""
        if not line:
            raise MalformedReplyError(f"It lacked the {name}.")
        texts.append(line)
    trigger, action, result = texts
    return OneLiner(trigger, action, result)
