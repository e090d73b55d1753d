"""Whether a text in other words still says what the original said: facts, negations, conditions, structure.

No model is asked. The check is on the safe side: it refuses some good texts, so that few bad ones pass.
What it can't see is a change of plain words that are no facts and stand under no negation or condition.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from skill_distiller.analysis.patterns import find_patterns
from skill_distiller.language.facts import Fact, FactKind, fact_keys, find_facts, locked_spans
from skill_distiller.meaning.clauses import Sentence, quote, sentences, stems
from skill_distiller.meaning.positions import TRACE, find_strays, moved_items, turned_around
from skill_distiller.meaning.scope import lost_modals, lost_turns, new_modals, new_turns, swapped_clauses, swapped_steps
from skill_distiller.skill.ids import inlines, skeleton


class LossKind(StrEnum):
    """What is wrong with a text; the value is the word used in reports and to a model."""

    FACT = "fact"
    MODAL = "negation or condition"
    INSTRUCTION = "instruction"
    PATTERN = "protected pattern"
    PLACE = "fact in another place"
    MARKUP = "link, tag or code"
    STRUCTURE = "structure"
    ADDED = "something new"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Loss:
    """One fault of a text: its kind, and what of the original (or, for something new, of the text) it is about."""

    kind: LossKind
    text: str


_VERBATIM_KINDS: Final = frozenset(
    {FactKind.CODE_SPAN, FactKind.LINK, FactKind.URL, FactKind.FLAG, FactKind.ENV_VAR, FactKind.QUOTED}
)
_LIMITS: Final = "≥≤><"
_STRUCK: Final = "~~"
_MAX_CHARS_TO_RULE: Final = 12  # characters of a sentence, in which the word of a rule stands
_PARTS: Final = re.compile(r"\w+")
_COUNTING: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_NUMBERS: Final = {**{word: str(i) for i, word in enumerate(_COUNTING)}, "twelve": "12", "twenty": "20"}
# New words in a text of the same meaning: joints and shorter synonyms. Careful rewritings of the shipped examples
# bring 0 to 19 %; made-up sentences nearly all of theirs.
_MAX_NEW_SHARE: Final = 0.34
_MIN_NEW_WORDS: Final = 3  # words that any text may bring
_MAX_CHARS: Final = 4000  # characters; the check compares sentence with sentence,
_MAX_MODALS: Final = 120  # and every modal word with every other


def check_wording(original: str, new: str, *, context: str = "") -> tuple[Loss, ...]:
    """What a text of the same structure lost of the original, or brings besides; () where nothing is wrong.

    `context` is what else its words may come from (its headings).
    """
    return _unfit(original, new) or (
        *missing(original, new),
        *added(original, new, context),
        *_rebuilt(original, new),
    )


def check_summary(originals: Sequence[str], new: str, *, context: str = "") -> tuple[Loss, ...]:
    """The same for one block that says what several said: it may be a paragraph, or a list, of its own."""
    original = "\n\n".join(originals)
    return _unfit(original, new) or (
        *missing(original, new),
        *added(original, new, context),
        *_not_one_block(original, new),
    )


def missing(original: str, new: str) -> tuple[Loss, ...]:
    """The facts, negations, conditions, patterns and links of a text that another lacks, or has elsewhere.

    A negation or condition is still there where a word of the same sense governs the same words and
    facts. A fact is in its place where its sentence still shares a word with the one it stood in, and
    the facts of a sentence keep their order. Tables of one shape are compared cell by cell.
    """
    if unfit := _unfit(original, new):
        return unfit
    if cells := _cells(original, new):
        return tuple(loss for cell, now in cells for loss in missing(cell, now))
    before, after = sentences(original), sentences(new)
    losses: tuple[tuple[LossKind, Iterable[str]], ...] = (
        (LossKind.FACT, _lost_facts(original, new)),
        (LossKind.MODAL, lost_modals(before, after)),
        (LossKind.MODAL, swapped_clauses(before, after)),
        (LossKind.MODAL, lost_turns(before, after)),
        (LossKind.INSTRUCTION, _dropped(before, after)),
        (LossKind.PLACE, find_strays(before, after)),
        (LossKind.PLACE, turned_around(before, after)),
        (LossKind.PLACE, swapped_steps(before, after)),
        (LossKind.MARKUP, (text for text in _markup(original) if text not in _flat(new))),
        (LossKind.PATTERN, _lost_patterns(original, new)),
    )
    return tuple(Loss(kind, text) for kind, texts in losses for text in texts)


def added(original: str, new: str, context: str = "") -> tuple[Loss, ...]:
    """What a text says that the original does not: facts, negations, conditions, links, control characters, words."""
    if cells := _cells(original, new):
        return tuple(loss for cell, now in cells for loss in added(cell, now, context))
    before, after = sentences(original), sentences(new)
    known = set(stems(original)) | set(stems(context))
    unknown = [stem for stem in dict.fromkeys(stems(new)) if stem not in known]
    many = len(unknown) > max(_MIN_NEW_WORDS, _MAX_NEW_SHARE * len(set(stems(new))))
    found = [
        *(fact.text for fact in find_facts(new) if not _is_known(fact, original)),
        *new_modals(before, after),
        *new_turns(before, after),
        *([_STRUCK] if _STRUCK in new and _STRUCK not in original else ()),
        *(quote(s.text) for s in after if _is_asked_rule(s) and "?" not in original and "？" not in original),
        *(text for text in _markup(new) if text not in _flat(original)),
        *(f"U+{ord(character):04X}" for character in set(new) - set(original) if _is_control(character)),
        *(["words: " + ", ".join(unknown)] if many else ()),
    ]
    return tuple(Loss(LossKind.ADDED, text) for text in dict.fromkeys(found))


def _unfit(original: str, new: str) -> tuple[Loss, ...]:
    """Why two texts are not even compared: nothing there, or so much that it would take long."""
    if original.strip() and not new.strip():
        return (Loss(LossKind.EMPTY, ""),)
    if max(len(original), len(new)) > _MAX_CHARS:
        return (Loss(LossKind.STRUCTURE, "too long to compare"),)
    if any(sum(len(sentence.governed) for sentence in sentences(text)) > _MAX_MODALS for text in (original, new)):
        return (Loss(LossKind.STRUCTURE, "too many conditions to compare"),)
    return ()


def _lost_facts(original: str, new: str) -> Iterator[str]:
    left = fact_keys(find_facts(new))
    seen = set[str]()
    for fact in find_facts(original):
        checked = fact.kind is not FactKind.MODAL or fact.key[:1] in _LIMITS
        if checked and fact.key not in left and fact.key not in seen:
            seen.add(fact.key)
            yield fact.text


def _is_known(fact: Fact, original: str) -> bool:
    """Whether a fact of a new text was one already, or is put together from what the original says."""
    facts = find_facts(original)
    if fact.key in fact_keys(facts):
        return True
    if fact.kind is FactKind.MODAL:
        return fact.key[:1] not in _LIMITS
    if fact.kind in _VERBATIM_KINDS:
        return fact.key.lower() in _flat(original).lower()
    words = {part.lower() for part in _PARTS.findall(original)}
    words |= {_NUMBERS[word] for word in words if word in _NUMBERS}
    return all(part.lower() in words for part in _PARTS.findall(fact.text))


def _dropped(before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[str]:
    """The sentences that say what to do and of which no new sentence holds a good part of the words."""
    for sentence in before:
        own = sentence.says
        least = math.ceil(TRACE * len(own))
        if sentence.asks and own and all(len(own & new.says) < least for new in after):
            yield quote(sentence.text)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _markup(text: str) -> list[str]:
    """Links, tags, placeholders and nested code, which stay as they are."""
    ends = {fact.end - 1 for fact in find_facts(text) if fact.kind is FactKind.QUOTED}
    # What seems to be a quotation over two lines may lie between two of them.
    return [_flat(text[span.start : span.end]) for span in locked_spans(text, ()) if span.start not in ends]


def _lost_patterns(original: str, new: str) -> list[str]:
    before, after = find_patterns(original), find_patterns(new)
    lost = sorted(before.protected - after.protected)
    return [*lost, "a rule that says MUST, NEVER, Do not"] if before.hard_rule and not after.hard_rule else lost


def _is_asked_rule(sentence: Sentence) -> bool:
    """Whether a sentence begins as a rule does and ends as a question: "Never commit secrets?"."""
    asked = sentence.text.rstrip("*_").endswith(("?", "？"))
    return asked and any(governed.signal.start < _MAX_CHARS_TO_RULE for governed in sentence.governed)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") and character not in "\n\t"


def _cells(original: str, new: str) -> list[tuple[str, str]]:
    """The cells of two tables of one shape, each with what stands in its place; [] for anything else."""
    if not all("|" in text and _is_table(text) for text in (original, new)):
        return []
    before, after = inlines(original), inlines(new)
    return list(zip(before, after, strict=True)) if len(before) == len(after) else []


def _is_table(text: str) -> bool:
    pieces = skeleton(text)
    return bool(pieces) and pieces[0].type == "table_opentable" and pieces[-1].type == "table_closetable"


def _rebuilt(original: str, new: str) -> Iterator[Loss]:
    """Whether the new text is built otherwise: another kind of block, another number of items, code that changed."""
    before, after = skeleton(original), skeleton(new)
    if before == after:
        yield from (Loss(LossKind.PLACE, text) for text in moved_items(inlines(original), inlines(new)))
        return
    items = [sum(piece.type == "list_item_openli" for piece in pieces) for pieces in (before, after)]
    what = f"{items[0]} list items, not {items[1]}" if items[0] != items[1] else "headings, items, code, blank lines"
    yield Loss(LossKind.STRUCTURE, what)


def _not_one_block(original: str, new: str) -> Iterator[Loss]:
    """Whether a summary is more than one paragraph or one list, or of steps that have an order."""
    pieces = [piece.type for piece in skeleton(new)]
    allowed = {"paragraph_openp", "paragraph_closep", "inline"}
    lists = {
        f"{kind}_list_{way}{tag}" for kind, tag in (("bullet", "ul"), ("ordered", "ol")) for way in ("open", "close")
    }
    allowed |= lists | {"list_item_openli", "list_item_closeli"}
    paragraphs = pieces.count("paragraph_openp") if pieces[:1] == ["paragraph_openp"] else 1
    if set(pieces) - allowed or paragraphs != 1 or sum("_list_open" in piece for piece in pieces) > 1:
        yield Loss(LossKind.STRUCTURE, "one paragraph, or one list without lists in it")
    if any(piece.type.startswith("ordered_list") for piece in skeleton(original)):
        yield Loss(LossKind.STRUCTURE, "numbered steps are not summed up")
