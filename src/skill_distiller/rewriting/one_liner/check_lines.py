"""Whether three lines that somebody else wrote say only what the skill says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from skill_distiller.analysis.model import Analysis
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import Fact, find_facts
from skill_distiller.language.modals import Sense
from skill_distiller.language.words import content_words
from skill_distiller.meaning.clauses import Sentence, stems
from skill_distiller.meaning.clauses import sentences as read_sentences
from skill_distiller.meaning.scope import lost_modals, new_turns
from skill_distiller.rewriting.one_liner.line_text import one_line, sentences, text_sentences
from skill_distiller.rewriting.one_liner.model import MOST_TOKENS, NOT_STATED, OneLiner
from skill_distiller.rewriting.one_liner.slots import find_prohibitions
from skill_distiller.rewriting.one_liner.triggers import quotes
from skill_distiller.tokens import TokenCounter

_LEFT_OUT: Final = re.compile(r" \(\+\d+\)(?=\Z|;)")  # how many steps or phrases had no room
_PART: Final = re.compile(r"\s*(?:→|⇒|∧|∨|[;；。])\s*|\.\s+")
_NEGATES: Final = re.compile(
    r"¬|\b(?:not|never|no|without|avoid|forbidden|cannot|nor|neither)\b|n['’]t\b|不|禁|勿|避|ない|ません|\bне\b|\bno\b|nunca"
    r"|\bnão\b|\bnicht\b|\bnie|\bkein|않|말|금지|değil|asla",
    re.IGNORECASE,
)
_FORBIDS: Final = re.compile(
    r"(?:[^:：]*[:：]\s*)?(?:¬|(?:never|do not|don['’]t|must not)\b|不要|禁止|不得|切勿)", re.IGNORECASE
)
_LACKS: Final = re.compile(r"\bwithout\b", re.IGNORECASE)  # "run it without a backup" forbids nothing
_NO_BLANKS: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")
_SHARE: Final = 0.6  # of the words behind a negation that one sentence of the skill with a negation must hold
_MOST_SENTENCES: Final = 5000
_NEW_LEAST: Final = 2  # words of a line that the skill need not have
_NEW_SHARE: Final = 0.5


def problems(one_liner: OneLiner, analysis: Analysis, counter: TokenCounter) -> Iterator[str]:
    """What speaks against the lines, a sentence each; none where every check passes.

    The checks: every line says something, on one line of at most 80 tokens; every code span, command,
    flag, path, URL, name, number and quotation stands in the skill; what the skill forbids is not told
    as a thing to do or a result, and nothing is forbidden that the skill does not forbid; most words are
    the skill's, and what it says under a condition alone keeps that condition.
    """
    for line, text in zip(one_liner.lines, (one_liner.trigger, one_liner.action, one_liner.result), strict=True):
        name = line.partition(":")[0].lower()
        if not text.strip():
            yield f"The {name} is empty."
        elif counter.count(line) > MOST_TOKENS:
            yield f"The {name} is longer than {MOST_TOKENS} tokens."
    source = one_line(analysis.skill.text)
    facts = (fact for line in one_liner.lines for fact in find_facts(_LEFT_OUT.sub("", line)))
    unknown = [fact.text for fact in facts if not _stands_in(fact, source)]
    if unknown:
        yield f"The skill does not hold: {', '.join(dict.fromkeys(unknown))}."
    yield from _reversed(one_liner, analysis)
    yield from _made_up(one_liner, analysis)


def _stands_in(fact: Fact, source: str) -> bool:
    if fact.kind is FactKind.MODAL:
        return True  # it stands for other words; whether it turns the meaning round is looked at below
    text = one_line(fact.text.strip("`\"'“”「」『』«»"))
    if fact.kind in (FactKind.QUOTED, FactKind.CODE_SPAN, FactKind.LINK, FactKind.URL):
        return text.casefold().rstrip(",.") in source.casefold()
    # Whole words; scripts without blanks have none that could be told apart.
    return bool(re.search(rf"(?<![A-Za-z0-9_]){re.escape(text)}(?![A-Za-z0-9_])", source, re.IGNORECASE))


def _reversed(one_liner: OneLiner, analysis: Analysis) -> Iterator[str]:
    texts = (one_liner.action, one_liner.result)
    parts = [part for text in texts for part in _PART.split(text) if part and part != NOT_STATED]
    forbidden = [_words(piece.text) for piece in find_prohibitions(analysis)]
    negated = _negated_sentences(analysis)
    for part in parts:
        words = _words(part)
        if not _NEGATES.search(_LACKS.sub("", part)):
            if any(own and own <= words for own in forbidden):
                yield f"The skill forbids this: {part}."
        elif _FORBIDS.match(part) and not any(len(words & own) >= _SHARE * len(words) for own in negated):
            yield f"The skill does not forbid this: {part}."


def _made_up(one_liner: OneLiner, analysis: Analysis) -> Iterator[str]:
    """What a line says that the skill does not, or without the condition under which the skill says it."""
    skill = analysis.skill
    texts = (skill.name, skill.description, *(s.heading for s in skill.sections), *(b.text for b in skill.blocks))
    before = [sentence for text in texts for sentence in read_sentences(text)][:_MOST_SENTENCES]
    known = {stem for text in texts for stem in stems(text)}
    for name, text in (("trigger", one_liner.trigger), ("action", one_liner.action), ("result", one_liner.result)):
        own = [] if text == NOT_STATED else stems(text)
        unknown = [stem for stem in own if stem not in known]
        after = read_sentences(text)
        if len(unknown) > max(_NEW_LEAST, _NEW_SHARE * len(own)):
            yield f"The {name} says what the skill does not: {', '.join(unknown)}."
        for turn in new_turns(before, after):
            yield f"The {name} has a word that the skill does not have: {turn}."
        for key in dict.fromkeys(key for sentence in after for key in sentence.keys) if name == "action" else ():
            homes = [sentence for sentence in before if key in sentence.keys]
            if homes and all(map(_is_bound, homes)) and all(lost_modals([home], after) for home in homes):
                yield f"The {name} leaves out under which condition: {key}."


def _is_bound(sentence: Sentence) -> bool:
    """Whether a sentence allows something under a condition alone."""
    return any(governed.sense is Sense.ONLY for governed in sentence.governed)


def _words(text: str) -> frozenset[str]:
    """The content words of a text; of scripts without blanks the pairs of characters."""
    runs = _NO_BLANKS.findall(text)
    pairs = (run[i : i + 2] for run in runs for i in range(len(run) - 1))
    return content_words(_NO_BLANKS.sub(" ", text)) | frozenset(pairs)


def _negated_sentences(analysis: Analysis) -> Sequence[frozenset[str]]:
    """The words of every sentence of the skill that holds a negation, those of forbidding headings with their items."""
    found: list[frozenset[str]] = []
    skill = analysis.skill
    for text in (skill.description, *(block.text for block in skill.blocks)):
        if _NEGATES.search(text):
            own = [sentence for part in text_sentences(text) for sentence in sentences(part)]
            found += [_words(sentence) for sentence in own if _NEGATES.search(sentence)]
        if len(found) > _MOST_SENTENCES:
            break
    return found


def with_phrases(one_liner: OneLiner, embedded: OneLiner, counter: TokenCounter) -> OneLiner | None:
    """The lines with the quoted phrases of the embedded trigger; None where they have no room."""
    trigger = one_liner.trigger
    for start, end in quotes(embedded.trigger):
        phrase = embedded.trigger[start:end]
        if phrase[1:-1].casefold() not in trigger.casefold():
            trigger += f" ∨ {phrase}"
    written = OneLiner(
        trigger, one_liner.action, one_liner.result, embedded.left_out, embedded.shares, one_liner.method
    )
    return written if counter.count(written.lines[0]) <= MOST_TOKENS else None
