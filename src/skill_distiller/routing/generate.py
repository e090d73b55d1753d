"""A description for a skill that has none, in the skill's own words; and whether a text says nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from skill_distiller.analysis.reading import Reading, SectionType
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import fact_keys, find_facts
from skill_distiller.language.words import content_words
from skill_distiller.rewriting.one_liner.line_text import is_label, is_modal, plain, shorter, units, without_end
from skill_distiller.rewriting.one_liner.triggers import find_triggers
from skill_distiller.routing.expressions import expression
from skill_distiller.routing.lexical import word_list
from skill_distiller.routing.pinned import routes_away
from skill_distiller.routing.shorten import MOST_CHARACTERS, cut_at_word
from skill_distiller.routing.split_clauses import split_clauses
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.tokens import TokenCounter

SIGNAL_TOKENS: Final = 40  # of each of the three: what it does, when, with what
_FEWEST_WORDS: Final = 4  # of a sentence that says what a skill does
_MOST_NAMES: Final = 6
_MOST_WORDS: Final = 0.5  # the share of an exclusion's words that one sentence of the body has, where it says the same
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n|(?<=[。！？])")
_EARLY: Final = 15  # blocks among which a skill is introduced
_BARE: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_TASKS: Final = (2, 3)  # levels of headings that may name a task
_CODE: Final = re.compile(r"`([^`\n]{2,40})`")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z][\w.-]*(?: [\w.-]+)?\Z")
_YAML_RULE: Final = re.compile(r"-{3,}")  # some readers take it for the end of the frontmatter


def extract_description(reading: Reading, counter: TokenCounter) -> str:
    """What the skill does, when it is used and what it works with, each of at most 40 tokens; "" where it says nothing.

    Every word stands in the skill, but for "Use for" and "Works with" where it is written in Latin letters.
    """
    does = _within(_sentences(reading), counter, 1)
    when = _within(_occasions(reading, does), counter, 8)
    names = _within(_names(reading, " ".join((*does, *when))), counter, _MOST_NAMES)
    if _BARE.search("".join((*does, *when))):  # in such a language our English would be the only one
        parts, joint, end = [*does, "、".join(when), "、".join(names)], "。", "。"
    else:
        parts = [*does, f"Use for {', '.join(when)}" if when else "", f"Works with {', '.join(names)}" if names else ""]
        joint, end = ". ", "."
    text = _YAML_RULE.sub("-", joint.join(filter(None, parts)))
    return cut_at_word(text + end if text and text[-1] not in ".!?。！？" else text, MOST_CHARACTERS)


def _within(texts: Iterator[str], counter: TokenCounter, most: int) -> list[str]:
    """The first texts, at most so many, that have room in a signal; a first that is too long is said shorter."""
    found: list[str] = []
    room = SIGNAL_TOKENS
    for text in texts:
        tries = (text,) if found else (text, *shorter(text))
        fitting = next((one for one in tries if one and counter.count(one) <= room), "")
        if fitting:
            found.append(without_end(fitting))
            room -= counter.count(fitting) + 1
        if len(found) >= most:
            break
    return found


def _sentences(reading: Reading) -> Iterator[str]:
    """First sentences of the paragraphs that instruct or explain, in order, then the title."""
    telling = (SectionType.CORE_INSTRUCTION, SectionType.EXPLANATION, SectionType.TRIGGER)
    for block in reading.skill.blocks[:_EARLY]:
        if block.kind is BlockKind.PARAGRAPH and reading.verdicts[block.index].type in telling:
            first = next(iter(units(block)), "")
            if len(first.split()) >= _FEWEST_WORDS and not is_label(first) and not is_modal(first):
                yield first
    yield from (plain(section.heading) for section in reading.skill.sections if section.level)
    yield reading.skill.name.replace("-", " ")


def _occasions(reading: Reading, said: Sequence[str]) -> Iterator[str]:
    """What the TRIGGER blocks list, else the headings that name a task; nothing that was said."""
    known = content_words(" ".join(said))
    found = False
    for piece in find_triggers(reading).listed:
        if piece.block is not None and "∨" not in piece.text and not content_words(piece.text) <= known:
            found = True
            yield piece.text.strip(" .;")
    for section in () if found else reading.skill.sections:
        heading = plain(section.heading).strip(" #:.").lstrip("0123456789.) ")
        fits = section.level in _TASKS and heading and not expression("generic_headings").fullmatch(heading)
        if fits and not content_words(heading) <= known | content_words(reading.skill.name.replace("-", " ")):
            yield heading


def _names(reading: Reading, said: str) -> Iterator[str]:
    """Names in code that the skill uses most, those of one use left out where it has others."""
    counted = Counter(
        name for block in reading.skill.blocks if block.kind is not BlockKind.CODE for name in _CODE.findall(block.text)
    )
    for name, count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        if count > 1 and _PLAIN_NAME.match(name) and name.lower() not in said.lower():
            yield f"`{name}`"


def invented(text: str, skill: Skill) -> list[str]:
    """What a description names that neither the body nor the name of the skill holds: facts, and words in code."""
    source = find_facts(skill.body)
    known = fact_keys(source)
    body = f"{skill.name} {skill.body}".casefold()
    facts = [fact for fact in find_facts(text) if fact.kind is not FactKind.MODAL]
    missing = [
        fact.text
        for fact in facts
        if not fact_keys([fact]) <= known and fact.text.strip("`\"'“”").casefold() not in body
    ]
    return list(dict.fromkeys(missing))


def unfounded_exclusions(text: str, skill: Skill, others: Collection[str]) -> list[str]:
    """The clauses of a description that send requests away, neither to one of `others` by name nor as the body does.

    An exclusion is there to tell skills apart: for one that does not exist it only loses requests.
    """
    known = [name for name in others if name]
    body = [set(word_list(sentence)) for sentence in _SENTENCE.split(skill.body) if routes_away(sentence)]
    clauses = split_clauses(text)
    found = []
    for clause in clauses.all:
        told = clauses.text_of(clause)
        named = any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", told) for name in known)
        words = set(word_list(told))
        if routes_away(told) and not named and not any(len(words & said) >= _MOST_WORDS * len(words) for said in body):
            found.append(told)
    return found
