"""A skill in three lines, taken from its own words, and the check of three lines that somebody else wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from itertools import chain, islice
from typing import Final, NamedTuple

from skill_distiller.analysis.model import SectionType
from skill_distiller.analysis.reading import Reading
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import Fact, find_facts
from skill_distiller.language.modals import Sense
from skill_distiller.language.words import content_words
from skill_distiller.meaning.clauses import Sentence, stems
from skill_distiller.meaning.clauses import sentences as read_sentences
from skill_distiller.meaning.scope import lost_modals, new_turns
from skill_distiller.rewriting.one_liner.line_text import is_modal, one_line, plain, shorter, units
from skill_distiller.rewriting.one_liner.model import MOST_TOKENS, NOT_STATED, PREFIXES, Line, OneLiner, Piece
from skill_distiller.rewriting.one_liner.slots import find_prohibitions, find_results, forbid, produces
from skill_distiller.rewriting.one_liner.steps import TELLING, Steps, find_steps, heading_text
from skill_distiller.rewriting.one_liner.triggers import Triggers, as_phrase, except_for, find_triggers, parted, quotes
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.tokens import TokenCounter, load_counter

_LEFT_OUT: Final = re.compile(r" \(\+\d+\)(?=\Z|;)")  # how many steps or phrases had no room
_PART: Final = re.compile(r"\s*(?:→|⇒|∧|∨|[;；。])\s*|\.\s+")
_FORBIDS: Final = re.compile(
    r"(?:[^:：]*[:：]\s*)?(?:¬|(?:never|do not|don['’]t|must not)\b|不要|禁止|不得|切勿)", re.IGNORECASE
)
_NO_BLANKS: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")
_NEGATIVE: Final = (Sense.NEGATION, Sense.AVOIDANCE)
_SHARE: Final = 0.6  # of the words behind a negation that one sentence of the skill with a negation must hold
_MOST_SENTENCES: Final = 5000
_NEW_LEAST: Final = 2  # words of a line that the skill need not have
_NEW_SHARE: Final = 0.5


def problems(one_liner: OneLiner, reading: Reading, counter: TokenCounter) -> Iterator[str]:
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
    source = one_line(reading.skill.text)
    facts = (fact for line in one_liner.lines for fact in find_facts(_LEFT_OUT.sub("", line)))
    unknown = [fact.text for fact in facts if not _stands_in(fact, source)]
    if unknown:
        yield f"The skill does not hold: {', '.join(dict.fromkeys(unknown))}."
    skill = reading.skill
    texts = (skill.name, skill.description, *(s.heading for s in skill.sections), *(b.text for b in skill.blocks))
    said = [sentence for text in texts for sentence in read_sentences(text)][:_MOST_SENTENCES]
    yield from _reversed(one_liner, reading, said)
    yield from _made_up(one_liner, {stem for text in texts for stem in stems(text)}, said)


def _stands_in(fact: Fact, source: str) -> bool:
    if fact.kind is FactKind.MODAL:
        return True  # it stands for other words; whether it turns the meaning round is looked at below
    text = one_line(fact.text.strip("`\"'“”「」『』«»"))
    if fact.kind in (FactKind.QUOTED, FactKind.CODE_SPAN, FactKind.LINK, FactKind.URL):
        return text.casefold().rstrip(",.") in source.casefold()
    # Whole words; scripts without blanks have none that could be told apart.
    return bool(re.search(rf"(?<![A-Za-z0-9_]){re.escape(text)}(?![A-Za-z0-9_])", source, re.IGNORECASE))


def _reversed(one_liner: OneLiner, reading: Reading, said: Sequence[Sentence]) -> Iterator[str]:
    """What is told as a thing to do though the skill forbids it, or the other way round."""
    texts = (one_liner.action, one_liner.result)
    forbidden = [_words(piece.text) for piece in find_prohibitions(reading)]
    negated = [_words(sentence.text) for sentence in said if _is_negative(sentence)]
    for part in filter(None, (part for text in texts if text != NOT_STATED for part in _PART.split(text))):
        words = _words(part)
        if not any(map(_is_negative, read_sentences(part))):
            if any(own and own <= words for own in forbidden):
                yield f"The skill forbids this: {part}."
        elif _FORBIDS.match(part) and not any(len(words & own) >= _SHARE * len(words) for own in negated):
            yield f"The skill does not forbid this: {part}."


def _is_negative(sentence: Sentence) -> bool:
    return any(signal.sense in _NEGATIVE for signal in sentence.signals)


def _words(text: str) -> frozenset[str]:
    """The content words of a text, of scripts without blanks the pairs of characters: stems join too much here."""
    runs = _NO_BLANKS.findall(text)
    pairs = (run[i : i + 2] for run in runs for i in range(len(run) - 1))
    return content_words(_NO_BLANKS.sub(" ", text)) | frozenset(pairs)


def _made_up(one_liner: OneLiner, known: Set[str], said: Sequence[Sentence]) -> Iterator[str]:
    """What a line says that the skill does not, or without the condition under which the skill says it."""
    for name, text in (("trigger", one_liner.trigger), ("action", one_liner.action), ("result", one_liner.result)):
        own = [] if text == NOT_STATED else stems(text)
        unknown = [stem for stem in own if stem not in known]
        after = read_sentences(text)
        if len(unknown) > max(_NEW_LEAST, _NEW_SHARE * len(own)):
            yield f"The {name} says what the skill does not: {', '.join(unknown)}."
        for turn in new_turns(said, after):
            yield f"The {name} has a word that the skill does not have: {turn}."
        for key in dict.fromkeys(key for sentence in after for key in sentence.keys) if name == "action" else ():
            homes = [sentence for sentence in said if key in sentence.keys]
            if homes and all(map(_is_bound, homes)) and all(lost_modals([home], after) for home in homes):
                yield f"The {name} leaves out under which condition: {key}."


def _is_bound(sentence: Sentence) -> bool:
    """Whether a sentence allows something under a condition alone."""
    return any(governed.sense is Sense.ONLY for governed in sentence.governed)


def with_phrases(one_liner: OneLiner, embedded: OneLiner, counter: TokenCounter) -> OneLiner | None:
    """The lines with the quoted phrases of the embedded trigger; None where they have no room."""
    trigger = one_liner.trigger
    for start, end in quotes(embedded.trigger):
        phrase = embedded.trigger[start:end]
        if phrase[1:-1].casefold() not in trigger.casefold():
            trigger += f" ∨ {phrase}"
    written = replace(one_liner, trigger=trigger, left_out=embedded.left_out, shares=embedded.shares)
    return written if counter.count(written.lines[0]) <= MOST_TOKENS else None


_HEAD_TOKENS: Final = 40  # of a line, for the sentence that it begins with where more is to follow
_CLAUSE_TOKENS: Final = 60  # for a further clause of the trigger
_STEPS_TOKENS: Final = 66  # where a rule is to follow
_RULE_WORDS: Final = 25
_MOST_RULES: Final = 2
_AT_ODDS: Final = 0.6  # of the words of a prohibition that stand in the steps: it holds under conditions not told here
_MOST_INTRO: Final = 3  # sentences
_EARLY: Final = 8  # blocks among which the introduction is
_NAMING: Final = 20  # blocks that are looked at for a word where a skill says next to nothing


class _Material(NamedTuple):
    """What the lines are made of: sentences of the description and of the introduction, title and name."""

    heads: list[Piece]
    intro: list[Piece]
    names: list[Piece]

    def without(self, used: Piece | None) -> _Material:
        """What is left when a sentence has been used."""
        if used is None:
            return self
        return _Material(*([piece for piece in pieces if not _same(piece.text, used.text)] for pieces in self))


def one_liner(reading: Reading, counter: TokenCounter | None = None) -> OneLiner:
    """Three lines of at most 80 tokens each; every piece of them stands in the skill, and none is cut inside."""
    counter = counter or load_counter()
    triggers = find_triggers(reading)
    rules = [Piece(text) for piece in triggers.heads if (text := forbid(piece.text))]
    heads = [piece for piece in triggers.heads if not forbid(piece.text)]
    material = _Material(heads, _intro(reading), _names(reading.skill))
    trigger, left_out, used = _trigger(triggers, material, counter)
    if not trigger.text:
        _first_that_fits(trigger, _anything(reading.skill))
    material = material.without(used)
    result, used = _result(reading, material, counter)
    # The line has room for a few of the rules, so that no more of them are looked for.
    action = _action(reading, material.without(used), chain(rules, find_prohibitions(reading)), counter)
    drawn = trigger.drawn + action.drawn + result.drawn
    blocks = reading.skill.blocks
    return OneLiner(
        trigger.text or NOT_STATED,
        action.text or NOT_STATED,
        result.text or NOT_STATED,
        left_out,
        {block: min(1.0, n / max(1, counter.count(blocks[block].text))) for block, n in sorted(drawn.items())},
    )


def _trigger(triggers: Triggers, material: _Material, counter: TokenCounter) -> tuple[Line, int, Piece | None]:
    """The line, how many quoted phrases had no room, and the sentence that stands in it for want of a trigger."""
    line, used, missed = Line(PREFIXES[0], counter), None, 0
    for piece in triggers.clauses:
        if not line.add(piece, " ∨ "):
            _add_parted(line, piece)
    for piece in triggers.phrases:
        line.add(piece, " ∨ ")
    if not line.text:
        for piece in triggers.listed:
            missed += not _add_shorter(line, piece, " ∨ ") and not _says(line.text, piece.text)
    if not line.text:
        used = _first_that_fits(line, chain(*material))
    for piece in triggers.excluded[:1]:
        line.add(Piece(except_for(piece.text), piece.block), "; ")
    left_out = sum(not _says(line.text, piece.text) for piece in triggers.phrases)
    line.say_left_out(left_out or missed)
    return line, left_out, used


def _add_parted(line: Line, piece: Piece) -> None:
    """A clause that has no room as a whole: what it says before and after its quoted phrases, or a shorter form."""
    spans = quotes(piece.text)
    if not spans:
        _add_shorter(line, piece, " ∨ ", _CLAUSE_TOKENS if line.text else MOST_TOKENS)
        return
    head, tail = parted(piece.text)
    if len(head.split()) > 1:
        start, end = spans[0]
        whole = Piece(f"{head} {as_phrase(piece.text[start:end])}", piece.block)
        if not line.add(whole, " ∨ ", _CLAUSE_TOKENS) and not line.text:
            _add_shorter(line, Piece(head, piece.block), "", _CLAUSE_TOKENS)
    if len(tail.split()) > 2 and not quotes(tail):
        _add_shorter(line, Piece(tail, piece.block), " ∨ ", _CLAUSE_TOKENS)


def _result(reading: Reading, material: _Material, counter: TokenCounter) -> tuple[Line, Piece | None]:
    """The line, and the sentence of the description or the introduction that it took for want of an output."""
    line = Line(PREFIXES[2], counter)
    told, parts = find_results(reading)
    for piece in islice(told, 2):
        _add_shorter(line, piece, "; ")
    for piece in parts:
        if not line.add(piece, " ∧ ") and not _says(line.text, piece.text):
            break
    if line.text:
        return line, None
    made = (piece for piece in material.heads if produces(piece.text))
    intro = (piece for piece in material.intro if not is_modal(piece.text))
    return line, _first_that_fits(line, chain(made, material.heads, intro, material.names))


def _action(reading: Reading, material: _Material, rules: Iterator[Piece], counter: TokenCounter) -> Line:
    line = Line(PREFIXES[1], counter)
    first = list(islice(rules, 1))
    told = [*material.heads, *material.intro]
    steps = find_steps(reading, TELLING if told else 0)
    heads = material.heads if steps else told
    for piece in heads[:1]:
        _add_shorter(line, piece, "", _HEAD_TOKENS if steps else MOST_TOKENS)
    if steps:
        _add_steps(line, steps, _STEPS_TOKENS if first else MOST_TOKENS)
    _add_rules(line, chain(first, rules))
    if not steps:
        for piece in heads[1:3]:
            _add_shorter(line, piece, "; ")
    if not line.text:
        _first_that_fits(line, chain(told, material.names))
    return line


def _add_rules(line: Line, rules: Iterable[Piece]) -> None:
    """The first prohibitions that are short and do not seem to forbid what the line tells to do."""
    said, added = content_words(line.text), 0
    for piece in rules:
        own = content_words(piece.text)
        at_odds = len(own & said) >= _AT_ODDS * len(own)
        if len(piece.text.split()) <= _RULE_WORDS and not at_odds:
            added += line.add(piece, "; ")
        if added == _MOST_RULES:
            return


def _add_steps(line: Line, steps: Steps, most: int) -> None:
    """As many of the steps as have room, from the first on, and how many there are besides."""
    joint, left = ": ", 0
    for piece in steps.pieces:
        if left or not line.add(piece, joint, most):
            left += not _says(line.text, piece.text)
        else:
            joint = " → " if steps.ordered else " ∧ "
    line.say_left_out(left)


def _add_shorter(line: Line, piece: Piece, joint: str, most: int = MOST_TOKENS) -> bool:
    """Add the longest form of a sentence that has room."""
    return any(line.add(Piece(text, piece.block), joint, most) for text in shorter(piece.text))


def _first_that_fits(line: Line, pieces: Iterable[Piece]) -> Piece | None:
    return next((piece for piece in pieces if _add_shorter(line, piece, "")), None)


def _says(text: str, part: str) -> bool:
    return part.casefold().rstrip(".。") in text.casefold()


def _same(a: str, b: str) -> bool:
    return _says(a, b) or _says(b, a)


def _intro(reading: Reading) -> list[Piece]:
    """The first sentences of the body, lead-ins, labels and triggers apart."""
    for block, verdict in zip(reading.skill.blocks[:_EARLY], reading.verdicts, strict=False):
        if block.kind is BlockKind.PARAGRAPH and verdict.type is not SectionType.TRIGGER:
            told = [Piece(unit, block.index) for unit in units(block) if _is_telling(unit)]
            if told:
                return told[:_MOST_INTRO]
    return []


def _is_telling(sentence: str) -> bool:
    label = sentence.partition(": ")
    return not sentence.endswith((":", "：")) and not (label[1] and len(label[0].split()) <= 2)


def _names(skill: Skill) -> list[Piece]:
    """The title and the name: what is left to tell of a skill that says nothing else."""
    title = next((heading_text(section.heading) for section in skill.sections if section.level), "")
    return [Piece(text) for text in (title, plain(skill.name)) if text]


def _anything(skill: Skill) -> list[Piece]:
    """Headings and sentences of a skill without description, introduction, title and name."""
    texts = [heading_text(section.heading) for section in skill.sections]
    texts += [unit for block in skill.blocks[:_NAMING] for unit in units(block)]
    return [Piece(text) for text in texts if text]
