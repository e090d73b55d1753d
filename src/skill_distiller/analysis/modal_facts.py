"""Modal words as facts: negations, obligations, limits and conditions with the words that they govern."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from skill_distiller.analysis.fact import Fact, FactKind, normalize
from skill_distiller.analysis.fact_expressions import AFTER_LIMIT, CJK_STOP, NEXT_WORD
from skill_distiller.analysis.modality import CJK_MODAL, LIMIT, LIMIT_AHEAD, LIMITS

_CJK_TAIL: Final = 6  # characters after a CJK modal that say what it governs
_MODAL_TAIL: Final = 2  # words


def modal_fact(text: str, token: str, start: int, *, ahead: bool) -> Fact:
    """A modal word with the next words of its clause: `never commit secrets`."""
    word = token.strip("_:").rstrip(".:-")
    start += token.index(word)
    end = start + len(word)
    words = [word.lower().replace("’", "'")]
    while len(words) <= _MODAL_TAIL and not (ahead and LIMIT_AHEAD.match(text, end)):
        tail = NEXT_WORD.match(text, end)
        if tail is None:
            break
        following = tail.group(1).lstrip("_").rstrip("_.:-")
        if not following:
            break
        words.append(following.strip("`").lower())
        end = tail.start(1) + len(tail.group(1).rstrip(".:-_"))
        if tail.group(1)[-1] in ".:":
            break
    return Fact(FactKind.MODAL, text[start:end], " ".join(words), start, end)


def limit_facts(text: str, marked: Sequence[Fact]) -> Iterator[Fact]:
    """The limits in several words or as symbols, each with its number; none inside of a marked fact."""
    starts = [fact.start for fact in marked]
    for match in LIMIT.finditer(text):
        above = bisect_right(starts, match.start()) - 1
        if above >= 0 and match.start() < marked[above].end:
            continue
        symbol = LIMITS[" ".join(match.group().lower().split())]
        tail = AFTER_LIMIT.match(text, match.end())
        end = tail.end() if tail else match.end()
        key = f"{symbol} {tail.group(1).lower() if tail else ''}".strip()
        yield Fact(FactKind.MODAL, text[match.start() : end], key, match.start(), end)


def cjk_modal_facts(text: str) -> Iterator[Fact]:
    """The modal words of scripts without blanks, each with the characters behind it."""
    for match in CJK_MODAL.finditer(text):
        end = min(len(text), match.end() + _CJK_TAIL)
        cut = CJK_STOP.search(text, match.end(), end)
        phrase = text[match.start() : cut.start() if cut else end]
        yield Fact(FactKind.MODAL, phrase, normalize(phrase), match.start(), match.start() + len(phrase))
