"""The articles that can go from English prose: never one that counts, names or holds a sentence together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from skill_distiller.language.facts import Span, overlaps
from skill_distiller.language.forms import stem
from skill_distiller.language.lexicon import Sense, is_imperative, is_light, senses
from skill_distiller.language.words import tables, words_in
from skill_distiller.rewriting.model import Edit

# An article with the blanks behind it: before a plain word, a span of code, a link.
_ARTICLE: Final = re.compile(r"(?<![^\s(*])(?P<article>the|an?) (?=\*{0,3}[A-Za-z`])", re.IGNORECASE)
_NEXT: Final = re.compile(r"\*{0,3}([A-Za-z][\w'’-]*)")
_BEFORE: Final = re.compile(r"(?:(?P<other>[^\s(]+)\s+)?(?P<word>[^\s(]+)\s+[(*]{0,4}\Z|[(*]{1,4}\Z")
_REACH: Final = 80  # characters before an article that are looked at: its line, and two words
_LINE_START: Final = re.compile(r"[ \t>]*(?:(?:[-*+•]|\d{1,9}[.)])[ \t]+)*(?:\[[ xX]\][ \t]+)?\*{0,3}\Z")
_PLAIN: Final = re.compile(r"[A-Za-z'’-]+\Z")
_AGAIN: Final = re.compile(r"[\w'’-]+ (?:the|an?) ", re.IGNORECASE)
_JOINED: Final = frozenset("/\\_@=")  # behind a word that is part of a path or a name
_CLAUSE_MARKS: Final = tuple(",;:–—-")


@lru_cache(maxsize=1)
def _verbs() -> Mapping[str, Sequence[str]]:
    """The verbs by their first two letters, which their stems have too."""
    found = defaultdict[str, list[str]](list)
    for verb in (*words_in("article_verbs"), *tables("en")["imperatives"].split()):
        found[verb[:2]].append(verb)
    return found


@lru_cache(maxsize=1024)
def _verb_stems(opening: str) -> frozenset[str]:
    """The stems of the verbs that open with two letters: a short text has no use for all of them."""
    return frozenset(map(stem, _verbs().get(opening, ())))


@lru_cache(maxsize=1)
def _comparisons() -> re.Pattern[str]:
    """ "The more pots you stack, the longer it takes.\""""
    one = rf"the (?:{'|'.join(tables('en')['comparatives'].split())}|\w+er)\b"
    return re.compile(rf"\b{one}[^.!?\n]{{0,120}}?,\s+{one}", re.IGNORECASE)


def article_edits(text: str, locked: tuple[Span, ...]) -> Iterator[Edit]:
    """The deletions of articles outside the locked spans, sorted; what then begins a sentence gets its capital.

    A text without one of the most frequent words of English has none.

    >>> from skill_distiller.rewriting.model import apply_edits
    >>> apply_edits("The tool writes a report.", article_edits("The tool writes a report.", ()))
    'Tool writes report.'
    """
    if words_in("english").isdisjoint(text.lower().split()):
        return
    compared = [Span(*match.span()) for match in _comparisons().finditer(text)] if ", the " in text else []
    for match in _ARTICLE.finditer(text):
        start, end = match.span()
        if overlaps((start, end), locked) or overlaps((start, end), compared):
            continue
        before = text[max(0, start - _REACH) : start]
        line = before[max(before.rfind("\n"), before.rfind("\r")) + 1 :]
        if "|" in line or "|" in text[end:].partition("\n")[0]:
            continue
        opens = bool(_LINE_START.match(line)) and (len(before) < _REACH or line != before)
        mark = "" if opens else before.rstrip(' \n\r\t*_"”)')[-1:]
        first = opens or mark in ".!?"
        # "A" inside of a sentence is a name; so is "The".
        if match["article"][0].isupper() is not first and not (opens and match["article"].islower()):
            continue
        if not _may_go(text, match, before, first=first):
            continue
        if match["article"][0].isupper() and (small := _NEXT.match(text, end)) and small[1][0].islower():
            at = small.start(1)
            yield Edit(start, at + 1, text[end : at + 1].upper())
        else:
            yield Edit(start, end)


def _may_go(text: str, match: re.Match[str], before: str, *, first: bool) -> bool:
    """Whether nothing hangs on an article: not what follows, and not what stands before it."""
    following = _NEXT.match(text, match.end())
    if following is None:  # code
        return first or _follows(before, "")
    word = following[1].lower().replace("’", "'")
    if len(word) == 1 or word in words_in("article_before") or is_light(word) or senses(word) - {Sense.THEN}:
        return False
    if _AGAIN.match(text, match.end()):  # "a job a job", "the files the tool wrote"
        return False
    if first and (senses(word) or (match["article"] == "A" and word.endswith("s") and _is_verb(word, ""))):
        return False
    if first:
        named = match["article"][0].isupper() and not _is_plain(text, following)
        return not named and not is_imperative(word)
    return _follows(before, word)


def _is_plain(text: str, following: re.Match[str]) -> bool:
    """Whether a word may be given a capital: no name that is written small."""
    word = following[1]
    if text[following.end() : following.end() + 1] in _JOINED:
        return False
    return not word[0].islower() or (word.isalpha() and word.islower() and word not in words_in("small_names"))


def _follows(before: str, word: str) -> bool:
    """Whether an article may go between what stands before it and the word behind it ("" for code)."""
    found = _BEFORE.search(before)
    if found is None or found["word"] is None:
        return not is_imperative(word)
    last = found["word"].strip('*_"“”').lower().replace("’", "'")
    if last.endswith(_CLAUSE_MARKS) or found.group().endswith("("):
        return not is_imperative(word)
    if last in words_in("article_after") or last.rstrip(".") == word or not last:
        return False
    if last in words_in("article_prepositions") or _is_verb(last, (found["other"] or "").strip('*_"“”').lower()):
        return True
    plain = last not in words_in("article_determiners") and (is_light(last) or bool(senses(last)))
    return plain and not is_imperative(word) and not senses(word)


def _is_verb(word: str, before: str) -> bool:
    """Whether a word is a verb, as far as can be told by what stands before it: "the report the tool wrote"."""
    own = stem(word)
    if own not in _verb_stems(own[:2]) or before in words_in("article_determiners"):
        return False
    if word.endswith(("ing", "ed")) or not before or before[-1] in ".,;:!?–—-":
        return True
    if before in words_in("article_prepositions"):
        return False
    if is_light(before) or senses(before) or before.endswith("ly"):
        return True
    plural = before.endswith("s")
    return not is_imperative(before) and plural is not word.endswith("s")
