"""Other ways to say one thing: "if no key" for "without a key", "instead of B" for "not B", another order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Final

from skill_distiller.language.forms import bases, same_word
from skill_distiller.language.lexicon import Sense, are_synonyms, is_imperative, is_infinitive, is_lacking
from skill_distiller.language.words import words_in
from skill_distiller.meaning.token import Token, TokenKind


def senses_of_one_side(old: Sequence[Token], new: Sequence[Token]) -> frozenset[Sense]:
    """Of "without" and "instead of" the senses that only one of two texts has, so that it has to be read otherwise."""
    return frozenset(
        sense for sense, is_one in _STRUCTURE.items() if any(map(is_one, old)) is not any(map(is_one, new))
    )


def _is_without(token: Token) -> bool:
    return token.sense is Sense.LACK and is_lacking(token.word)


def _is_instead(token: Token) -> bool:
    return token.sense is Sense.INSTEAD


def _is_reason(token: Token) -> bool:
    return token.sense is Sense.BECAUSE


def _is_none(token: Token) -> bool:
    return token.word in words_in("none_words")


_STRUCTURE: Final = {
    Sense.LACK: _is_without,
    Sense.INSTEAD: _is_instead,
    Sense.BECAUSE: _is_reason,
    Sense.NEGATION: _is_none,
}


def read_otherwise(tokens: Sequence[Token], boundaries: Sequence[int], senses: Collection[Sense]) -> Sequence[Token]:
    """The tokens, read as the conditions and contrasts that they are.

    With LACK, "without a key" at the start is read as "if no key", "never run it without one" as "... unless one".
    With INSTEAD, "A, not B" is read as "A instead of B"; with BECAUSE, "so it works" as "so that it works"; with
    NEGATION, "do not send any" as "send none".
    """
    if Sense.BECAUSE in senses:
        tokens = [_read_as(one, Sense.BECAUSE) if one.word in words_in("purposes") else one for one in tokens]
    if Sense.NEGATION in senses:
        tokens = _with_denials(tokens, boundaries)
    if Sense.LACK in senses:
        tokens = _with_lacks(tokens)
    if Sense.INSTEAD in senses:
        tokens = _with_contrasts(tokens, boundaries)
    return tokens


def _with_lacks(tokens: Sequence[Token]) -> Sequence[Token]:
    for at, token in enumerate(tokens):
        if not _is_without(token):
            continue
        if all(before.kind is TokenKind.SMALL for before in tokens[:at]):
            return [*tokens[:at], _read_as(token, Sense.CONDITION), _read_as(token, Sense.NEGATION), *tokens[at + 1 :]]
        if any(before.sense is Sense.NEGATION for before in tokens[:at]):
            return [*tokens[:at], _read_as(token, Sense.EXCEPTION), *tokens[at + 1 :]]
    return tokens


def _with_denials(tokens: Sequence[Token], boundaries: Sequence[int]) -> Sequence[Token]:
    at = next((at for at, token in enumerate(tokens) if token.sense is Sense.NEGATION), len(tokens))
    end = next((end for end, token in enumerate(tokens) if end > at and token.word in words_in("any_words")), 0)
    if not end or any(token.sense for token in tokens[at + 1 : end]):
        return tokens
    if any(tokens[at].end <= mark < tokens[end].start for mark in boundaries):
        return tokens
    denial = _read_as(tokens[end], Sense.NEGATION)._replace(word=tokens[at].word)
    return [*tokens[:at], *tokens[at + 1 : end], denial, *tokens[end + 1 :]]


def _with_contrasts(tokens: Sequence[Token], boundaries: Sequence[int]) -> Sequence[Token]:
    found = list(tokens)
    for at in range(1, len(tokens) - 1):
        before, token, behind = tokens[at - 1 : at + 2]
        parted = any(before.end <= mark < token.start for mark in boundaries)
        if token.sense is Sense.NEGATION and parted and not behind.sense and not is_imperative(behind.word):
            found[at] = _read_as(token, Sense.INSTEAD)
    return found


def _read_as(token: Token, sense: Sense) -> Token:
    return token._replace(value=f"{sense}:", sense=sense)


def is_fronted(old: Sequence[Token], new: Sequence[Token], parted: Collection[int]) -> bool:
    """Whether a phrase with a preposition stands before what it stood behind, and all else is the same.

    "On Windows, use A": "use A on Windows". Not where the part before it ends with a word that limits it: "only", nor
    where one of the old tokens behind a mark, whose numbers are `parted`, begins another such part.
    """
    if len(old) != len(new):
        return False
    size = next((n for n in range(len(old), 0, -1) if not stands_for(old[n - 1], new[n - 1], loosely=True)), 0)
    starts = words_in("prepositions")
    begun = {at for at in parted if old[at].word in starts or is_imperative(old[at].word)}
    return any(
        begun <= {cut}
        and any(side[0].word in starts for side in (old[:cut], old[cut:size]))
        and {old[cut - 1].sense, old[size - 1].sense} <= {None, Sense.ALL}
        and all(stands_for(*pair, loosely=True) for pair in zip((*old[cut:size], *old[:cut]), new, strict=False))
        for cut in range(1, size)
    )


def is_by_means_of(old: Sequence[Token], new: Sequence[Token]) -> bool:
    """Whether what is used stands first in one of two texts that say the same: "use A to show B", "show B with A"."""
    return any(_with_means(one) == [token.value for token in other] for one, other in ((old, new), (new, old)))


def _with_means(tokens: Sequence[Token]) -> list[str]:
    """The values of a text that uses something to do something, as it is where that stands behind; else none."""
    use = next((at for at, token in enumerate(tokens) if token.word in words_in("means_verbs")), -1)
    to = next((at for at, token in enumerate(tokens) if at > use >= 0 and token.word == "to"), -1)
    if use < 0 or to < 0:
        return []
    values = [token.value for token in tokens]
    return [*values[:use], *values[to + 1 :], *values[use + 1 : to]]


def without_start(old: Sequence[Token], new: Sequence[Token], ends: Collection[int]) -> tuple[Sequence[Token], ...]:
    """Two texts without the label that both begin with; `ends` are the numbers of tokens that a mark follows."""
    same = chain(enumerate(zip(old, new, strict=False)), [(min(len(old), len(new)), None)])
    shared = next(at for at, pair in same if pair is None or pair[0].value != pair[1].value)
    start = max((end + 1 for end in ends if end < shared), default=0)
    return old[start:], new[start:]


def stands_for(one: Token, other: Token, *, loosely: bool) -> bool:
    """Whether a word went here and came there; `loosely` also in another form or as its synonym."""
    if one.kind is not other.kind or one.value == other.value:
        return one.kind is other.kind
    if one.kind is not TokenKind.WORD or not loosely:
        return False
    return same_word(one.word, other.word, one.language) or are_synonyms(one.word, other.word, one.language)


ONLY_IF: Final = "only if:"  # the value of an "only" before a condition: "if only ..." says something else


def says_joined(before: Sequence[Token], after: Sequence[Token]) -> bool:
    """Whether some words are others written together, or marked as code now: "time stamp", "timestamp"; "`Ctrl+C`"."""
    if len(before) != len(after) and _joined(before) == _joined(after):
        return True
    code = after[0].word if len(after) == 1 else ""
    if not before or not code.startswith("`") or any("`" in token.word for token in before):
        return False  # what loses the marks of code may be run no more
    return "".join(code.strip("`").casefold().split()) == _joined(before)


def _joined(tokens: Sequence[Token]) -> str:
    return "".join(token.word for token in tokens)


def is_negated_form(word: str, other: str) -> bool:
    """Whether a word says that something is not, or can't be, what another one says: `unreachable`, `reached`."""
    start = next((one for one in words_in("not_so") if word.startswith(one)), "")
    end = next((one for one in words_in("can_be") if word.endswith(one)), "")
    root = word.removeprefix(start).removesuffix(end)
    return bool(start) and not bases(other).isdisjoint(
        {root, f"{root}e", root.removesuffix("ed"), root.removesuffix("d")}
    )


_MODAL: Final = frozenset({Sense.DUTY, Sense.ADVICE, Sense.LEAVE, Sense.ABILITY})


def limits_the_same(mains: Sequence[Iterable[Sequence[Token]]], one: Token, other: Token) -> bool:
    """Whether an "only" in another place limits what it did: right before an instruction it limits all of it.

    `mains` are what both texts say, without conditions. Before an instruction with a condition any words may stand but
    those who may do it: "only admins may send it if ...".
    """
    conditional = one.value != other.value
    return any(
        token.value != ONLY_IF and any(_opens_instruction(main, token, conditional=conditional) for main in side)
        for side, token in zip(mains, (one, other), strict=True)
    )


def _opens_instruction(main: Sequence[Token], only: Token, *, conditional: bool) -> bool:
    at = next((i for i, token in enumerate(main) if token == only), len(main))
    behind = main[at + 1 :]
    if not behind or (at and only.start - main[at - 1].end <= 1):
        return False
    asked = is_imperative(behind[0].word) or is_infinitive(behind[0].word, behind[0].language)
    told = conditional and behind[0].kind is TokenKind.WORD and all(token.sense not in _MODAL for token in behind)
    return asked or told
