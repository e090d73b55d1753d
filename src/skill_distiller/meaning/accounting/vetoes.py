"""What the comparison of two texts says that no shorter way to say the same brings about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from skill_distiller.language.lexicon import Sense, is_article, is_imperative
from skill_distiller.language.words import words_in
from skill_distiller.meaning.accounting.claims import DENIALS, goes_without
from skill_distiller.meaning.accounting.places import LONGEST, Fault
from skill_distiller.meaning.accounting.turned import turns_around
from skill_distiller.meaning.compare import Difference
from skill_distiller.meaning.sentence_tokens import read_tokens
from skill_distiller.meaning.token import TokenKind
from skill_distiller.meaning.units import Unit
from skill_distiller.meaning.verdicts import RANK, Edit, Verdict

_SIGNS: Final = frozenset("<>≤≥")
_COMPLEMENTS: Final = {">": "≤", "<": "≥", "≤": ">", "≥": "<"}  # of what is denied: "no longer than", "at most"
_BINDING: Final = DENIALS | {Sense.ONLY, Sense.CONDITION, Sense.APPROVAL}
_MOST_EDITS: Final = 2  # of other words, beyond which a sentence is said in another way
_NEVER_MEANT: Final = frozenset(
    {
        "opposite",
        *(str(sense) for sense in (Sense.LIMIT, Sense.APPROVAL, Sense.ABILITY)),
    }
)


def find_vetoes(difference: Difference) -> Iterator[Fault]:
    """What of a difference no shorter way to say the same brings about; marks and articles may be harmless."""
    units = difference.before, difference.after
    if difference.verdict is Verdict.WEAKENED or (difference.firm and difference.what == "exchanged"):
        one, two = (" ".join(unit.text for unit in side)[:LONGEST] for side in units)
        yield Fault("changed", one, two, *units)
    only = [edit for edit in difference.edits if edit.what == "only"]
    if len(only) > 1 and any(edit.before for edit in only) and any(edit.after for edit in only):
        yield Fault("changed", "what only is said of", units[1][0].text[:LONGEST], *units, doubt=True)
    if narrowed := _narrowed(difference):
        yield Fault("new", "", narrowed, *units, doubt=True)
    if _adds_mere(difference):
        yield Fault("new", "", units[1][0].text[:LONGEST], *units, doubt=True)  # "never do it", "never just do it"
    for edit in filter(_is_telling, difference.edits):
        before, after = (" ".join(token.word for token in side) for side in (edit.before, edit.after))
        kind = "changed" if before and after else "lost" if before else "new"
        mark = edit.what in ("punctuation", "small word") and not turns_around(edit.before, edit.after)
        nor = words_in("denying_or")
        joins = all(t.sense in (Sense.AND, Sense.OR) or t.word in nor for t in (*edit.before, *edit.after))
        joins = joins or (bool(before) and after in _SIGNS and any(before in unit.text for unit in units[1]))
        other_way = _COMPLEMENTS.get(before) == after and _denies(units[0]) is not _denies(units[1])
        either = not words_in("either_limits").isdisjoint((before, after))  # "limited to 60", "at most 60"
        wholes = all(t.sense in (Sense.ALL, Sense.NEGATION) for t in (*edit.before, *edit.after))
        turned = wholes and _denies(units[0]) and _denies(units[1])  # "leave out everything", "nothing"
        signs = {before, after} <= _SIGNS and all(
            map(_leads, units)
        )  # "no later than a day before", "at least a day before"
        no_more = before in _SIGNS and after in words_in("comparatives") and _denies(units[1])  # "once, no more"
        other = edit.what == "small word" and sum(e.what != "small word" for e in difference.edits) > _MOST_EDITS
        mark = either or turned or mark or other or (before == after and edit.what != "capitals")
        yield Fault(kind, before, after, *units, joins or other_way or no_more or signs or mark)


def _denies(units: Sequence[Unit]) -> bool:
    return any(token.sense in DENIALS for unit in units for token in read_tokens(unit.text))


def _leads(units: Sequence[Unit]) -> bool:
    """Whether something says how long before something else it is."""
    return any(token.sense is Sense.BEFORE for unit in units for token in read_tokens(unit.text))


def _is_telling(edit: Edit) -> bool:
    """Whether an edit is a mark or small word on which all hangs, another direction, or a word for its opposite."""
    both = bool(edit.before and edit.after)
    if edit.verdict is Verdict.PROVED:
        return False
    if edit.what in ("punctuation", "capitals"):
        return edit.what != "capitals" or any(len(token.word) > 1 for token in edit.before)  # "section B"
    if edit.what == "small word":
        articles = [t for t in (*edit.before, *edit.after) if t.kind is TokenKind.LIGHT and is_article(t.word)]
        return bool(articles) or turns_around(edit.before, edit.after)
    return both and RANK[edit.verdict] > RANK[Verdict.REWORDED] and edit.what in _NEVER_MEANT


def says_more(difference: Difference) -> bool:
    """Whether a word came that stands for none, or "by" for "to": nobody can tell that it is harmless."""
    return any(map(_is_new, difference.edits)) or _adds_mere(difference) or bool(_narrowed(difference))


def _narrowed(difference: Difference) -> str:
    """The small word that came to a rule and says of which, when or how much, "" for none."""
    senses = {token.sense for unit in difference.after for token in read_tokens(unit.text)}
    if not difference.before or senses.isdisjoint(_BINDING):
        return ""
    gone = {token.word for edit in difference.edits for token in edit.before}
    come = [token.word for edit in difference.edits for token in edit.after]
    return next((word for word in come if word.lower() in words_in("narrowing") and word not in gone), "")


def _adds_mere(difference: Difference) -> bool:
    """Whether "just" came to what is denied, where nothing like it, or an "instead", was said."""
    if not difference.before or not _denies(difference.after):
        return False
    one, two = (
        {t.word for unit in side for t in read_tokens(unit.text)} for side in (difference.before, difference.after)
    )
    instead = any(t.sense is Sense.INSTEAD for unit in difference.before for t in read_tokens(unit.text))
    return words_in("mere").isdisjoint(one) and not words_in("mere").isdisjoint(two) and not instead


def _is_new(edit: Edit) -> bool:
    known = {token.value for token in edit.before}
    if edit.what == "word" and any(t.kind is TokenKind.WORD and t.value not in known for t in edit.after):
        return True
    alone = len(edit.before) == len(edit.after) == 1
    if alone and edit.after[0].word.endswith("ing") and is_imperative(edit.before[0].word):
        return True  # "ask", "stop asking"
    if Sense.ALL in {token.sense for token in edit.after} - {token.sense for token in edit.before}:
        return True
    return (alone and turns_around(edit.before, edit.after)) or edit.what == "capitals"  # the US, us


def leaves_out(difference: Difference) -> bool:
    """Whether a word is gone that may be the point, an article that counts, or a comma that parts."""
    for edit in difference.edits:
        if edit.verdict is not Verdict.REWORDED:
            continue
        words = [token for token in edit.before if token.kind is TokenKind.WORD and not goes_without(token)]
        if edit.what == "punctuation" or (edit.what == "word" and words and not edit.after):
            return True
        if edit.what == "small word" and any(is_article(token.word) for token in edit.before):
            return True
    return difference.verdict is Verdict.MOVED
