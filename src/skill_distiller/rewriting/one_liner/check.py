"""Whether three lines that somebody else wrote are true to a skill."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from unicodedata import category

from skill_distiller.analysis.reading import Reading
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import Fact, find_facts
from skill_distiller.language.lexicon import Sense, are_synonyms
from skill_distiller.meaning.sentence_tokens import read_tokens
from skill_distiller.meaning.token import TokenKind
from skill_distiller.meaning.units import block_units, split_sentences
from skill_distiller.rewriting.one_liner.line_text import closes_code, one_line
from skill_distiller.rewriting.one_liner.model import MOST_TOKENS, NOT_STATED, PREFIXES, PURPOSE, OneLiner
from skill_distiller.rewriting.one_liner.slots import find_prohibitions, forbids
from skill_distiller.rewriting.one_liner.triggers import find_triggers
from skill_distiller.tokens import TokenCounter

# How many steps, phrases or rules had no room.
_LEFT_OUT: Final = re.compile(r" \(\+\d+\)(?=\Z|;)|; … (?:and )?\d+ [a-z]+\Z")
_PART: Final = re.compile(r"\s*(?:→|⇒|∧|∨|[;；。])\s*|\.\s+")
_CLAUSE: Final = re.compile(r"[∨,;:()。，；、]|\.\s|\b(?:n?or|and)\b|\s[-–—]\s")
_STEP: Final = re.compile(r"\s*[→⇒]\s*")
_RULES: Final = re.compile(r"[;；]|\s*¬")
_LABEL: Final = re.compile(r"[^:：]*[:：]\s*")
_HEADING: Final = re.compile(r"^[ \t]*#{1,6}[ \t]+([^\n#]{1,100})$", re.MULTILINE)  # of a form to fill in too
# What a part and the sentence that it is taken from either both say or both don't say.
_TURNING: Final = frozenset({Sense.NEGATION, Sense.AVOIDANCE, Sense.LACK})
_BINDING: Final = frozenset({Sense.ONLY, Sense.EXCEPTION, Sense.CONDITION, Sense.APPROVAL, Sense.UNTIL})
_BOUNDS: Final = frozenset({Sense.ALL, Sense.SOME})  # what a part may not say of more than the sentence does
_MOST_SENTENCES: Final = 5000


class _Sentence(NamedTuple):
    """A sentence, by its words and facts, what it says of them, and how often it turns them round."""

    words: frozenset[str]
    facts: frozenset[str]  # and limits
    binding: Mapping[Sense, int]
    bounds: frozenset[Sense]
    turned: int
    approves: bool  # whether it says what has to be approved

    def allows(self, part: _Sentence) -> bool:
        """Whether a part says what it forbids to be forbidden, what it tells to be told, and of no more things."""
        return part.turned == self.turned and part.bounds <= self.bounds


def problems(one_liner: OneLiner, reading: Reading, counter: TokenCounter) -> Iterator[str]:
    """What speaks against the lines, a sentence each; none where every check passes.

    The checks: every line says something, on one line of at most 80 tokens; every code span, command,
    flag, path, URL, name, number and quotation stands in the skill; what the skill forbids is not told
    as a thing to do or a result, and nothing is forbidden that the skill does not forbid; every word is one of
    the skill's or stands for one; each part is said in one sentence of it, under the same conditions; the steps keep
    their order.
    """
    own = {}
    for prefix, line in zip(PREFIXES, one_liner.lines, strict=True):
        name, text = prefix.strip(": ").lower(), line.removeprefix(prefix)
        if not text.strip():
            yield f"The {name} is empty."
        elif counter.count(line) > MOST_TOKENS:
            yield f"The {name} is longer than {MOST_TOKENS} tokens."
        own[name] = _LEFT_OUT.sub("", text.removeprefix(PURPOSE).removeprefix(NOT_STATED))
        if not closes_code(text) or any(category(mark)[0] in "CM" and mark not in reading.skill.text for mark in text):
            yield f"The {name} has an open code span, or marks that are not seen."
    source = one_line(reading.skill.text)
    facts = (fact for text in own.values() for fact in find_facts(text))
    unknown = [fact.text for fact in facts if not _stands_in(fact, source)]
    if unknown:
        yield f"The skill does not hold: {', '.join(dict.fromkeys(unknown))}."
    told = [_read(sentence) for text in _texts(reading) for sentence in split_sentences(text)][:_MOST_SENTENCES]
    rules = [_read(rule.text) for rule in find_prohibitions(reading)]
    told += [rule._replace(turned=max(1, rule.turned)) for rule in rules]
    described = [_read(sentence) for sentence in split_sentences(reading.skill.description)]
    known = frozenset().union(*(sentence.words | sentence.facts for sentence in (*told, *described)))
    headings = frozenset(heading.casefold() for heading in _HEADING.findall(reading.skill.text))
    said = _Said([*described, *told], known, headings)
    when = _Said([*map(_read, _when(reading)), *told], known)
    for name, text in own.items():
        for part in filter(None, _PART.split(text)):
            yield from _unfounded(name, part, when if name == "trigger" else said)
    yield from _out_of_order(own["action"], said)


def _texts(reading: Reading) -> Iterator[str]:
    """What a skill says besides its description: its name, headings and units."""
    yield reading.skill.name
    for section in reading.skill.sections:
        yield section.heading
    for section in reading.skill.sections:
        yield from (unit.text for block in section.blocks for unit in block_units(block, section.index))


def _when(reading: Reading) -> Iterator[str]:
    """What the description says of when, and of when not: all but what sends the reader elsewhere."""
    found = find_triggers(reading)
    for piece in (*found.clauses, *found.phrases, *found.heads, *found.excluded):
        yield piece.text
        yield from _CLAUSE.split(piece.text) if piece not in found.excluded else ()


def _read(text: str) -> _Sentence:
    tokens = read_tokens(text)
    senses = Counter(token.sense for token in tokens if token.sense)
    return _Sentence(
        frozenset(token.value for token in tokens if token.kind is TokenKind.WORD),
        frozenset(t.value for t in tokens if t.kind is TokenKind.FACT or t.sense is Sense.LIMIT),
        {sense: count for sense, count in senses.items() if sense in _BINDING},
        _BOUNDS & senses.keys(),
        sum(senses[sense] for sense in _TURNING) or forbids(text),
        Sense.APPROVAL in senses and Sense.DUTY in senses,
    )


class _Said(NamedTuple):
    """The sentences of a skill, all their words and facts, and the headings, of which a result may be made."""

    sentences: Sequence[_Sentence]
    known: frozenset[str]
    headings: frozenset[str] = frozenset()

    def like(self, words: Collection[str]) -> list[frozenset[str]]:
        """For each word those of the skill that it may stand for."""
        return [
            frozenset(other for other in self.known if word == other or are_synonyms(word, other)) for word in words
        ]

    def homes(self, own: _Sentence) -> list[int]:
        """The places of the sentences that hold all the words and facts of a part."""
        like = self.like(own.words)
        return [
            place
            for place, one in enumerate(self.sentences)
            if own.facts <= one.facts | one.words
            and not any(words.isdisjoint(one.words | one.facts) for words in like)
            and not (one.approves and (not own.approves or len(own.words) < len(one.words)))
        ]


def _unfounded(name: str, part: str, said: _Said) -> Iterator[str]:
    """What a part says that no sentence of the skill does, or not so."""
    own = _read(part)
    if not own.words and not own.facts and any(map(str.isalpha, part)):  # "always", "it", "never"
        if name != "result" or part.casefold() not in said.headings:  # "Recommendations"
            yield f"The {name} says nothing with this: {part}."
        return
    new = {word for word, like in zip(own.words, said.like(own.words), strict=True) if not like}
    if unknown := [token.word for token in read_tokens(part) if token.value in new]:
        yield f"The {name} says what the skill does not: {', '.join(unknown)}."
        return
    homes = [said.sentences[place] for place in said.homes(own)]
    label = _LABEL.match(part)
    alike = [one for one in homes if one.allows(own)]
    if not homes and label and label.end() < len(part):  # "on a test system: restore it"
        for half in (label.group(), part[label.end() :]):
            yield from _unfounded(name, half.rstrip(":： "), said)
    elif not homes:
        yield f"No sentence of the skill says this: {part}."
    elif not alike:
        yield f"The skill {'does not forbid' if own.turned else 'forbids'} this: {part}."
    elif name != "trigger" and all(one.binding != own.binding for one in alike):
        yield f"The {name} says this under other conditions than the skill: {part}."


def _out_of_order(action: str, said: _Said) -> Iterator[str]:
    """A step that the skill tells before the one in front of it."""
    last = 0
    for step in filter(None, _STEP.split(_RULES.split(action)[0])):
        own = _read(step)
        if homes := [place for place in said.homes(own) if said.sentences[place].allows(own)]:
            later = [place for place in homes if place >= last]
            if not later:
                yield f"The skill does this earlier: {step}."
                return
            last = later[0]


def _stands_in(fact: Fact, source: str) -> bool:
    if fact.kind is FactKind.MODAL:
        return True  # it stands for other words; whether it turns the meaning round is looked at below
    text = one_line(fact.text.strip("`\"'“”「」『』«»"))
    if fact.kind in (FactKind.QUOTED, FactKind.CODE_SPAN, FactKind.LINK, FactKind.URL):
        return text.casefold().rstrip(",.") in source.casefold()
    # Whole words; scripts without blanks have none that could be told apart.
    return bool(re.search(rf"(?<![A-Za-z0-9_]){re.escape(text)}(?![A-Za-z0-9_])", source, re.IGNORECASE))
