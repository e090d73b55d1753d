"""A text as tokens: facts, words with a sense, words, small words, each with the value it is compared by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from html import unescape
from itertools import chain
from typing import Final

from skill_distiller.language.facts import Fact, FactKind, Span, find_facts, overlaps
from skill_distiller.language.forms import stem
from skill_distiller.language.lexicon import (
    Sense,
    is_article,
    is_filler,
    is_imperative,
    is_light,
    is_particle,
    is_qualifier,
    language_of,
    phrasal_verbs,
    phrases,
    segment,
    senses,
)
from skill_distiller.language.words import CJK, UNSPACED, words_in
from skill_distiller.meaning.token import (
    Token,
    TokenKind,
    with_clocks,
    with_idle_words,
    with_least,
    with_pronouns,
    with_telling_articles,
    with_units,
)

# Of several senses of one word the one that binds most is taken.
_RANK: Final = {sense: place for place, sense in enumerate(Sense)}


_MARKS: Final = re.compile(r"[\s*_`]+")
# What stands in a sentence letter by letter, besides facts.
_MARKUP: Final = re.compile(
    r"""<!--.*?(?:-->|\Z)
    | </?[A-Za-z][^<>]{0,2000}>
    | \{\{[^{}\n]{1,200}\}\} | \{[\w.-]{1,80}\} | \$\{?\w{1,80}\}? | \$\$[^$]{1,4000}\$\$ | \$[^$\n]{1,400}\$
    | \[\^[^\]\s]{1,80}\]:? | (?<![\w\]])\[[ xX]\](?=\s) | (?<!~)~~(?!~)
    | !(?=\[) | (?<![\w*/])\*(?:\.\w+)+(?![\w*]) | (?<![~\w])~(?=[A-Za-z*`]|[ ]\d) | (?<=[A-Za-z.!?*`])~(?![~\w/])
    | \[\[[^\]\n]{1,300}\]\] | \[[^\[\]\n]{1,300}\](?=\()""",
    re.VERBOSE | re.DOTALL,
)
_AUTOLINK: Final = re.compile(r"<(https?://[^\s<>]+)>")
# An entity, or a dash between words; code comes first, in which both are what they are.
_SHOWN: Final = re.compile(
    r"(?P<code>(?<!`)(`+)(?!`)[^`]*(?<!`)\2(?!`))|(?<!\d)—|—(?!\d)|&(?:\#\d{1,7}|\#[xX][\da-fA-F]{1,6}|[A-Za-z]\w{1,30});"
)
_UNMARKED: Final = re.compile(r"\xa0|[^\s*_`\[\]<>|#~\\$\x00-\x1f]")
_ELIDED: Final = (
    r"|(?P<elided>(?:[ldnscjmtLDNSCJMT]|(?:[jJ]us|[lL]ors|[pP]uis)?[qQ]u|(?:[dns]|da|su)?[ae]?ll|[uU]n)"
    r"['’](?=[^\W\d_]))"
)
_WORD: Final = (
    rf"(?P<cjk>[{CJK}]+){_ELIDED}"
    rf"|(?P<word>[^\W\d_{CJK}]+(?:['’][^\W\d_{CJK}]+)*\.?(?:[^\W\d_]\.)*)|(?P<number>(?<![\w.])\.\d+|\d[\d.,:]*\d|\d)"
    r"|(?P<sign>!==?|[≥≤→⇒↔¬∧∨∀∃=<>&+×÷±/%#@?？^]|[^\w\s!-/:-@\[-`{-~，。、；：！？「」『』（）《》【】“”‘’„‚‹›«»…–—·•¿¡])"
)
# Of a text in small letters of ASCII without apostrophes, whose numbers tell no language; much faster.
_ASCII_WORD: Final = re.compile(r"[a-z]+\.?(?:[a-z]\.)*|[=<>&+/%#@?]")
_AMOUNT: Final = re.compile(r"[~<>≥≤=+−-]{0,3}[$€£¥#]?\d[\d,.:/x×–-]*(?=\Z|[\s%°]|[^\W\d_]{1,12}\Z)")
_CJK: Final = re.compile(f"[{CJK}]")
_DIGITS: Final = re.compile(r"[$€£¥]?\d(?:[\d,.:/x×–-]*\d)?")
_GROUPED: Final = re.compile(r"(?<![\w.,])[$€£¥]?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w,])|(?<![\w.,])\d+,\d+(?![\w,])")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")  # a mark that is shown as it is
_SPACED: Final = re.compile(r"(?<![\w.,])[$€£¥]?\d{1,3}(?:[\xa0\u202f'’]\d{3}|[ ]000)+(?![\w,])")
_THOUSANDS: Final = re.compile(r"(?<=\d)[,\s'’](?=\d{3}(?!\d))")
_QUOTES: Final = str.maketrans("’‘“”", "''\"\"")
_DASHES: Final = {ord(dash): "-" for dash in "–—−"}


def read_tokens(text: str, language: str = "") -> tuple[Token, ...]:
    """The tokens of a text in order, of a language or its own; emphasis, white space and punctuation are none."""
    return _read_tokens(text, language or read_language(text))


@lru_cache(maxsize=16384)
def _read_tokens(text: str, language: str) -> tuple[Token, ...]:
    # Cached: most texts are looked at more than once, to be found again and to be compared.
    text = text.replace("\n", " ")  # where a line ends says nothing
    if "&" in text or "—" in text:
        text = _SHOWN.sub(_character, text)
    tokens: list[Token] = []
    at = 0
    facts = find_facts(text, modals=False)
    for token in _fixed_tokens(text, facts):
        tokens += _word_tokens(text, at, token.start, language)
        tokens.append(token)
        at = token.end
    tokens += _word_tokens(text, at, len(text), language)
    quoted = [Span(fact.start, fact.end) for fact in facts if fact.kind is FactKind.QUOTED]
    if quoted:  # word by word, so that other marks of quotation change nothing
        tokens = [
            token._replace(kind=TokenKind.FACT) if overlaps((token.start, token.start + 1), quoted) else token
            for token in tokens
        ]
    said = _with_phrases(with_pronouns(with_units(list(with_least(tokens)), text)))
    said = _with_phrases(said) if said != tokens else said  # one may stand in another: "5 euros or more"
    return tuple(with_telling_articles(list(with_idle_words(with_clocks(said)))))


def _character(entity: re.Match[str]) -> str:
    """What an entity shows, a blank for a dash, as long as it is written so that all else stays in its place."""
    text = entity.group()
    if text == "—":  # it may touch a fact
        return " "
    shown = text if entity["code"] else unescape(text)
    return shown.ljust(len(text)) if len(shown) == 1 and _UNMARKED.match(shown) else text


@lru_cache(maxsize=16384)
def read_language(*texts: str) -> str:
    """The language of some texts together; "" where their words tell none, or two."""
    return language_of(chain.from_iterable(map(_plain_words, texts)))


@cache
def _expression(*, elided: bool, unspaced: bool, named: bool = True) -> re.Pattern[str]:
    """What finds the words of texts with apostrophes, or with scripts that set no blanks.

    Made when the first such text is read: for those scripts it takes long to compile, and most texts have none.
    """
    source = _WORD if elided else _WORD.replace(_ELIDED, "")
    source = source if unspaced else source.replace(f"[{CJK}]+", "(?!)").replace(CJK, "")
    return re.compile(source if named else re.sub(r"\?P<\w+>", "?:", source))


def _is_unspaced(text: str) -> bool:
    return not text.isascii() and _CJK.search(text) is not None


@lru_cache(maxsize=16384)  # by itself, and with what stands for it
def _plain_words(text: str) -> tuple[str, ...]:
    lowered = text.lower().replace("’", "'")
    expression = _ASCII_WORD
    if "'" in lowered or not text.isascii():
        expression = _expression(elided="'" in lowered, unspaced=_is_unspaced(lowered), named=False)
    words = [word.rstrip(".") for word in expression.findall(lowered)]
    if text.isascii():
        return tuple(words)
    return tuple(part for word in words for part in (segment(word) if _CJK.match(word) else (word,)))


def _fixed_tokens(text: str, facts: Sequence[Fact]) -> list[Token]:
    """The facts and marked places of a text, without overlaps: of two that overlap the longer one."""
    found: list[tuple[int, int, str]] = []
    if any(map(text.__contains__, "<{$[~*")):
        found += [(m.start(), m.end(), _markup_value(m.group())) for m in _MARKUP.finditer(text)]
    found += [(*match.span(), _amount(match.group())) for match in _SPACED.finditer(text)]
    if "," in text:
        found += [(*match.span(), _amount(match.group())) for match in _GROUPED.finditer(text)]
    for fact in facts:
        number = _AMOUNT.match(fact.text) if fact.kind is FactKind.NUMBER else None
        if fact.kind is FactKind.NUMBER and _CJK.search(fact.text):  # the words around it have no spaces
            found += [(*match.span(), _amount(match.group())) for match in _DIGITS.finditer(text, fact.start, fact.end)]
        elif number:  # what it counts is a word of its own: "30 s" is "30s"
            sign = len(fact.text) - len(fact.text.lstrip("<>≥≤"))  # a limit is a word of its own too
            found.append((fact.start + sign, fact.start + number.end(), _amount(number.group())))
        elif fact.kind is not FactKind.QUOTED:
            key = fact.key if fact.text.startswith("`") else _ESCAPE.sub(r"\1", fact.key)
            found.append((fact.start, fact.end, key.translate(_DASHES)))
    tokens: list[Token] = []
    for start, end, value in sorted(found, key=lambda row: (row[0], -row[1])):
        if not tokens or start >= tokens[-1].end:
            tokens.append(Token(TokenKind.FACT, value, text[start:end], start, end))
    return tokens


def _markup_value(text: str) -> str:
    link = _AUTOLINK.fullmatch(text)
    first, _, rest = text[1:].partition(" ")
    if text.startswith("[") and rest and is_article(first.casefold()):  # "[the guide](a.md)", "the [guide](a.md)"
        text = f"[{rest}"
    text = link[1] if link else text if text[0] == "*" else _MARKS.sub(" ", text).translate(_QUOTES)
    return text if link or text[0] in "{$" or "=" in text else text.casefold()  # "{ID}", "$PATH", `href="/A"`


def _amount(number: str) -> str:
    return _THOUSANDS.sub("", number.translate(_DASHES).lstrip("≥≤<>")).rstrip(".,:-")


def _word_tokens(text: str, start: int, end: int, language: str) -> Iterator[Token]:
    expression = _expression(elided="'" in text or "’" in text, unspaced=_is_unspaced(text))
    for match in expression.finditer(text, start, end):
        word, at, group = match.group(), match.start(), match.lastgroup
        if group in ("word", "elided"):
            kind, value, plain, size, sense, loud = _read_word(word, language)
            opens = text[max(0, at - 8) : at].rstrip(" *_#")[-1:] in ("", *".!?:\n")
            if word.rstrip(".") == "A" and (not opens or language in UNSPACED):  # option A
                kind, value, sense = TokenKind.WORD, "A", None
            yield Token(kind, value, plain, at, at + size, sense, loud, language)
        elif group == "number":
            yield Token(TokenKind.FACT, word.rstrip(".,:"), word, *match.span())
        elif group == "sign":
            yield _sign(word, *match.span())
        else:
            yield from _unspaced_tokens(word, at, language)


_KANA: Final = re.compile("[\u3041-\u3096]+")
_KANJI: Final = re.compile("[\u3400-\u9fff]")


def _unspaced_tokens(run: str, at: int, language: str) -> Iterator[Token]:
    """The words of a run of characters without spaces; what a Japanese verb ends with says little: "書き(ます)"."""
    stem_ends = -1  # where the character ends that such an ending would be one of
    for part in segment(run):
        token = make_token(part, part, at, at + len(part), language)
        ending = stem_ends == at and len(part) == 1 and _KANA.match(part)
        if token.kind is TokenKind.WORD and ending:
            token = token._replace(kind=TokenKind.LIGHT)
        elif token.kind is TokenKind.WORD and _KANJI.match(part) and _KANA.match(part[-1]):
            token = token._replace(value=_KANA.sub("", part) or part)
        at += len(part)
        stem_ends = at if ending or _KANJI.match(part[-1]) else -1
        yield token


def _sign(sign: str, start: int, end: int) -> Token:
    if sign in "?？":
        return Token(TokenKind.LIGHT, "?", "?", start, end)
    found = senses(sign)
    if found:
        return Token(TokenKind.SENSE, _sense_value(_strongest(found), sign), sign, start, end, _strongest(found))
    return Token(TokenKind.FACT, sign, sign, start, end)


@lru_cache(maxsize=65536)
def _read_word(word: str, language: str) -> tuple[TokenKind, str, str, int, Sense | None, bool]:
    """What a word as it is written makes of a token; the number is that of its letters. Cached: most come often."""
    bare = word.rstrip(".")
    shown = word if "." in word[:-1] else bare
    plain = shown.lower() if "." in word[:-1] else bare.lower().replace("’", "'")
    loud = len(plain) > 1 and plain.isalpha() and bare.isupper() and plain != bare
    kind, value, sense = _kind_in_text(plain, word, language)
    return kind, value, plain, len(shown), sense, loud


def _kind_in_text(plain: str, word: str, language: str) -> tuple[TokenKind, str, Sense | None]:
    if len(word) == 1 and word.isupper() and word not in "AI":  # plan B
        return TokenKind.WORD, word, None
    kind, value, sense = _kind_of(plain, language)
    if kind is TokenKind.LIGHT and word.isupper() and word != plain:  # the US, IT
        return TokenKind.WORD, word, None
    return kind, value, sense


@lru_cache(maxsize=65536)
def _kind_of(plain: str, language: str) -> tuple[TokenKind, str, Sense | None]:
    number = next(
        (canonical for words, canonical in phrases(language).get(plain, ()) if len(words) == 1 and canonical.isdigit()),
        "",
    )
    if number:
        return TokenKind.FACT, number, None
    found = senses(plain, language)
    if found:
        sense = _strongest(found)
        return TokenKind.SENSE, _sense_value(sense, plain), sense
    if is_article(plain) or (is_filler(plain) and not is_qualifier(plain)):
        return TokenKind.SMALL, plain, None
    if is_light(plain):
        return TokenKind.LIGHT, plain, None
    return TokenKind.WORD, stem(plain, language), None


def make_token(plain: str, word: str, start: int, end: int, language: str, *, loud: bool = False) -> Token:
    """The token of a word in small letters, which stands as `word` at a place."""
    kind, value, sense = _kind_in_text(plain, word, language)
    return Token(kind, value, plain, start, end, sense, loud, language)


def _strongest(found: frozenset[Sense]) -> Sense:
    return min(found, key=_RANK.__getitem__)


def _sense_value(sense: Sense, word: str) -> str:
    return f"{sense.value}:{word}" if sense is Sense.LIMIT else f"{sense.value}:"


def _with_phrases(tokens: Sequence[Token]) -> list[Token]:
    """The tokens, with what several words say together as the words that stand for it: "at least" as "≥"."""
    language = next((token.language for token in tokens if token.language), "")
    known, at = phrases(language), 0
    left, found, fact = list(tokens), list[Token](), TokenKind.FACT
    while at < len(left):
        first = left[at]
        rules = known.get(first.word, ())
        numbers = known["#"] if first.kind is fact and _is_number(first) else ()
        near = [token.word for token in left[at + 1 : at + 1 + _MOST_APART]] if rules or numbers else []
        if not numbers and not (rules and _may_follow(first.word, near, language)):
            found.append(first)
            at += 1
            continue
        for words, canonical in (*numbers, *rules):
            if len(words) > 1 and words[1] != "#" and words[1] not in near:
                continue  # the second word is not there: most rules end here
            if len(words) == 2 and is_particle(words[1]) and found and is_article(found[-1].word):
                continue  # "the log in the folder" is no "log in"
            run, counted = _run(left[at : at + len(words) + 2], words)
            if run:
                found += _canonical(canonical, run, counted, words)
                at += len(run)
                break
            if apart := _apart(left[at + 1 : at + 1 + _MOST_APART], words):
                found += _canonical(canonical, [left[at]], (), words)
                del left[at + apart]
                at += 1
                break
        else:
            found.append(left[at])
            at += 1
    return found


_MOST_APART: Final = 5  # words from a verb to its particle


def _may_follow(first: str, near: Sequence[str], language: str) -> bool:
    """A quick look whether one of the expressions of a word may stand there: the second word of most does not."""
    seconds = _seconds(language).get(first)
    return seconds is None or not seconds.isdisjoint(near)


@lru_cache(maxsize=16)
def _seconds(language: str) -> Mapping[str, frozenset[str]]:
    """The second words of the expressions of a word, where all have one that is no number."""
    return {
        first: frozenset(words[1] for words, _ in rules)
        for first, rules in phrases(language).items()
        if all(len(words) > 1 and words[1] != "#" for words, _ in rules)
    }


def _apart(behind: Sequence[Token], words: tuple[str, ...]) -> int:
    """How far behind a verb its particle stands, or the other half of "ne ... que": "switch it off"; 0 for nowhere."""
    if len(words) != 2 or not (is_particle(words[1]) or words[1] in words_in("halves")):
        return 0
    for distance, token in enumerate(behind, 1):
        if token.word == words[1]:
            return distance
        if token.kind is TokenKind.SENSE or is_particle(token.word):
            return 0
    return 0


def _is_number(token: Token) -> bool:
    return token.kind is TokenKind.FACT and token.value.lstrip("$€£~")[:1].isdigit()


def _run(tokens: Sequence[Token], words: tuple[str, ...]) -> tuple[Sequence[Token], Sequence[Token]]:
    """The tokens that an expression takes, none where it is another one, and those of its number, "#".

    The number may have a word behind it, which it counts: "5 files or more" is "# or more".
    """
    number = words.index("#") if "#" in words else -1
    for length in (1, 2) if -1 < number < len(words) - 1 else (1,):
        left = [*tokens[: number + 1], *tokens[number + length :]][: len(words)]
        if len(left) == len(words) and all(
            token.word == word or (word == "#" and _is_number(token)) for token, word in zip(left, words, strict=True)
        ):
            size = len(words) + length - 1
            if not number and any(map(_is_number, tokens[size : size + 1])):  # "3 copies, at most 10 lines"
                return (), ()
            return tokens[:size], tokens[number : number + length] if number >= 0 else ()
    return (), ()


def _canonical(stands: str, run: Sequence[Token], counted: Sequence[Token], words: tuple[str, ...]) -> Iterator[Token]:
    """The tokens that stand for a run of them, the words of an expression; a number and what it counts as they were."""
    spoken = " ".join(words[1:]) if words in phrasal_verbs() else ""
    start, end, loud = run[0].start, run[-1].end, any(token.loud for token in run)
    for plain in stands.split():
        if plain == "#":
            yield from counted
        elif plain.isdigit():
            yield Token(TokenKind.FACT, plain, plain, start, end)
        elif not plain[0].isalpha() and _expression(elided=True, unspaced=_is_unspaced(plain)).fullmatch(plain):
            yield _sign(plain, start, end)
        else:
            language = run[0].language or run[-1].language
            yield make_token(plain, plain, start, end, language, loud=loud)._replace(spoken=spoken)


def asks(tokens: Sequence[Token]) -> bool:
    """Whether a text begins with what to do: "Keep the log."."""
    first = next((token for token in tokens if not is_filler(token.word)), None)  # "the run" is none
    return first is not None and is_imperative(first.word)
