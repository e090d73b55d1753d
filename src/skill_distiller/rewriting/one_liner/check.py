"""Whether three lines that somebody else wrote are true to a skill."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import Fact, find_facts
from skill_distiller.language.lexicon import Sense, are_synonyms, is_imperative
from skill_distiller.language.words import content_words
from skill_distiller.meaning.sentence_tokens import Token, TokenKind, read_tokens
from skill_distiller.meaning.units import split_sentences
from skill_distiller.rewriting.one_liner.line_text import one_line
from skill_distiller.rewriting.one_liner.model import MOST_TOKENS, NOT_STATED, PREFIXES, PURPOSE, OneLiner
from skill_distiller.rewriting.one_liner.slots import find_prohibitions, forbids
from skill_distiller.skill.model import BlockKind
from skill_distiller.tokens import TokenCounter

# How many steps, phrases or rules had no room.
_LEFT_OUT: Final = re.compile(r" \(\+\d+\)(?=\Z|;)|; … (?:and )?\d+ [a-z]+\Z")
_PART: Final = re.compile(r"\s*(?:→|⇒|∧|∨|[;；。])\s*|\.\s+")
_LABEL: Final = re.compile(r"[^:：]*[:：]\s*")
_NO_BLANKS: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")
_NEGATIVE: Final = frozenset({Sense.NEGATION, Sense.AVOIDANCE})
_SHARE: Final = 0.6  # of the words behind a negation that one sentence of the skill with a negation must hold
_MOST_SENTENCES: Final = 5000
_NEW_LEAST: Final = 2  # words of a line that the skill need not have
_NEW_SHARE: Final = 0.5


class _Sentence(NamedTuple):
    """A sentence with its tokens."""

    text: str
    tokens: tuple[Token, ...]

    def has(self, senses: Collection[Sense]) -> bool:
        """Whether a word of it has one of some senses."""
        return any(token.sense in senses for token in self.tokens)

    @property
    def facts(self) -> frozenset[str]:
        """The values of its facts."""
        return frozenset(token.value for token in self.tokens if token.kind is TokenKind.FACT)


def problems(one_liner: OneLiner, reading: Reading, counter: TokenCounter) -> Iterator[str]:
    """What speaks against the lines, a sentence each; none where every check passes.

    The checks: every line says something, on one line of at most 80 tokens; every code span, command,
    flag, path, URL, name, number and quotation stands in the skill; what the skill forbids is not told
    as a thing to do or a result, and nothing is forbidden that the skill does not forbid; most words are
    the skill's, with every verb that gives an order; what it says under a condition alone keeps that condition.
    """
    own = {}
    for prefix, line in zip(PREFIXES, one_liner.lines, strict=True):
        name, text = prefix.strip(": ").lower(), line.removeprefix(prefix)
        if not text.strip():
            yield f"The {name} is empty."
        elif counter.count(line) > MOST_TOKENS:
            yield f"The {name} is longer than {MOST_TOKENS} tokens."
        own[name] = _LEFT_OUT.sub("", text.removeprefix(PURPOSE).removeprefix(NOT_STATED))
    source = one_line(reading.skill.text)
    facts = (fact for text in own.values() for fact in find_facts(text))
    unknown = [fact.text for fact in facts if not _stands_in(fact, source)]
    if unknown:
        yield f"The skill does not hold: {', '.join(dict.fromkeys(unknown))}."
    skill = reading.skill
    texts = (skill.name, skill.description, *(s.heading for s in skill.sections), *(b.text for b in skill.blocks))
    said = [sentence for text in texts for sentence in _sentences(text)][:_MOST_SENTENCES]
    yield from _reversed((own["action"], own["result"]), reading, said)
    # A fence is one fact; what stands in it may be the form of a result.
    inside = (line for b in skill.blocks if b.kind is BlockKind.CODE for line in b.text.splitlines()[1:-1])
    tokens = (*(one.tokens for one in said), *map(read_tokens, islice(inside, _MOST_SENTENCES)))
    known = {token.value: token.word for sentence in tokens for token in sentence}
    for name, text in own.items():
        yield from _made_up(name, text, known)
    yield from _unbound(own["action"], said)


def _sentences(text: str) -> Iterator[_Sentence]:
    return (_Sentence(sentence, read_tokens(sentence)) for sentence in split_sentences(text))


def _stands_in(fact: Fact, source: str) -> bool:
    if fact.kind is FactKind.MODAL:
        return True  # it stands for other words; whether it turns the meaning round is looked at below
    text = one_line(fact.text.strip("`\"'“”「」『』«»"))
    if fact.kind in (FactKind.QUOTED, FactKind.CODE_SPAN, FactKind.LINK, FactKind.URL):
        return text.casefold().rstrip(",.") in source.casefold()
    # Whole words; scripts without blanks have none that could be told apart.
    return bool(re.search(rf"(?<![A-Za-z0-9_]){re.escape(text)}(?![A-Za-z0-9_])", source, re.IGNORECASE))


def _reversed(told: Sequence[str], reading: Reading, said: Sequence[_Sentence]) -> Iterator[str]:
    """What is told as a thing to do though the skill forbids it, or the other way round."""
    forbidden = [_words(piece.text) for piece in find_prohibitions(reading)]
    negated = [_words(sentence.text) for sentence in said if sentence.has(_NEGATIVE)]
    for part in filter(None, (part for text in told for part in _PART.split(text))):
        own, bare = _words(part), part[match.end() :] if (match := _LABEL.match(part)) else part
        if not any(sentence.has(_NEGATIVE) for sentence in _sentences(part)) and not forbids(bare):
            if any(rule and rule <= own for rule in forbidden):
                yield f"The skill forbids this: {part}."
        elif (bare.startswith("¬") or forbids(bare)) and not any(
            len(own & other) >= _SHARE * len(own) for other in (*negated, *forbidden)
        ):
            yield f"The skill does not forbid this: {part}."


def _words(text: str) -> frozenset[str]:
    """The content words of a text, of scripts without blanks the pairs of characters: stems join too much here."""
    runs = _NO_BLANKS.findall(text)
    pairs = (run[i : i + 2] for run in runs for i in range(len(run) - 1))
    return content_words(_NO_BLANKS.sub(" ", text)) | frozenset(pairs)


def _made_up(name: str, text: str, known: dict[str, str]) -> Iterator[str]:
    """What a line says that the skill does not; `known` are its words by what they are compared by."""
    own = [token for token in read_tokens(text) if token.kind is TokenKind.WORD]
    unknown = [token.word for token in own if token.value not in known]
    if len(unknown) > max(_NEW_LEAST, _NEW_SHARE * len(own)):
        yield f"The {name} says what the skill does not: {', '.join(unknown)}."
    for word in unknown:
        if is_imperative(word) and not any(are_synonyms(word, other) for other in known.values()):
            yield f"The {name} asks for what the skill does not ask for: {word}."


def _unbound(action: str, said: Sequence[_Sentence]) -> Iterator[str]:
    """What the action tells without a condition, though the skill says it under one alone."""
    for part in filter(None, _PART.split(action)):
        for sentence in _sentences(part):
            for fact in sorted(sentence.facts):
                homes = [home for home in said if fact in home.facts]
                if homes and all(home.has({Sense.ONLY}) for home in homes) and not sentence.has(_CONDITIONAL):
                    yield f"The action leaves out under which condition: {fact}."


_CONDITIONAL: Final = frozenset({Sense.ONLY, Sense.CONDITION})
