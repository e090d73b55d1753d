"""Where a description is cut into clauses: at the ends of sentences, at dashes, and between the items of lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Final

from skill_distiller.language.words import ABBREVIATIONS
from skill_distiller.rewriting.one_liner.line_text import is_order
from skill_distiller.routing.clauses import Clauses, Sentence, Span, stripped
from skill_distiller.routing.expressions import conjunction, expression, narrows, sends_away, separators
from skill_distiller.skill.links import MARKED

_BRACKETS: Final = re.compile(r"\([^()\n]{1,600}\)|\[[^\[\]\n]{1,600}\]|（[^（）\n]{1,600}）")
# The end of a sentence: before what may begin one, at a full stop of scripts without blanks, and at the end of a line.
_SENTENCE_END: Final = re.compile(
    r"""[.!?]+["”')\]*]*\s+(?=[A-Z\d"“`'(\[*\x01]|[^\x00-\x7f])|[。！？][”」』）]*\s*|[；;]\s*(?!\s|\(?(?:\d+|\x01{1,2})[.)])|(?<!\s)\s*[\r\n]\s*"""
)
_ABBREVIATED: Final = re.compile(rf"(?:\b(?:{ABBREVIATIONS})|\b[A-Za-z])\Z", re.IGNORECASE)
_JOINTS: Final = ",;:，、；：—–-"  # besides white space, what the head of a list may not end with
_DASH: Final = re.compile(r"(?<!\s)\s+(?:[—–]|-{1,2})\s+|(?<=\w)—(?=\w)")
_LISTED_LINE: Final = re.compile(r"[-*•\d]|[A-Z][\w ]{0,30}:")
_WRAPPED_CHARACTERS: Final = 40  # that a line has which goes on in the next one
_STOPS: Final = ".!?。！？;；,，、—–-"  # besides white space, what a sentence ends with
_BETWEEN: Final = " \t\r\n.,;:!?，、。；：！？—–-|/"
_MOST_CLAUSES: Final = 60  # delta debugging may take n² + 3n calls; what a longer text ends with is one clause

_CONDITION: Final = re.compile(r"when(?:ever)?\b|if\b", re.IGNORECASE)
_GERUND: Final = re.compile(r"[A-Za-z-]+ing\b")
_QUALITY: Final = re.compile(r"[A-Z][a-z]+ [a-z-]+[^\Ws]")
_FEWEST_NAMED: Final = 4  # items of a list that begins with a name
_NAMED: Final = re.compile(r"[A-Z][a-z]*[A-Z-].*")  # no verb is written so
_ONE_WORD: Final = re.compile(r"[A-Za-z-]+")


def split_clauses(description: str) -> Clauses:
    """The clauses of a description. Never fails; a text that can't be taken apart is one clause.

    What is quoted, in brackets or in code is never cut, and neither is what an exclusion reaches over.
    """
    masked = _masked(description)
    sentences: list[Sentence] = []
    parts = list(_parts(masked, description))
    room = _MOST_CLAUSES
    for number, (start, end, behind_dash) in enumerate(parts):
        if room <= 1 and number < len(parts) - 1:
            sentences.append(_whole(description, start, parts[-1][1]))
            break
        found = _sentence(masked, description, start, end, room)
        behind_dash = behind_dash or (masked[:start].rstrip().endswith(";") and masked[start].islower())
        room -= len(found.members) + (found.head is not None)
        sentences.append(found._replace(goes_on=behind_dash))
    asides = (
        aside
        for one in sentences
        for span, ends in _slices(masked, one)
        for aside in find_asides(masked, description, *span, ends=ends)
    )
    return Clauses(description, tuple(sentences), tuple(asides))


def _slices(masked: str, sentence: Sentence) -> Iterator[tuple[Span, bool]]:
    """The head and the members of a part, and whether what follows each can stand without the end of it."""
    spans = [*([sentence.head] if sentence.head else []), *sentence.members]
    for span, following in zip(spans, (*spans[1:], None), strict=True):
        tasks = following and all(_GERUND.match(masked, *one) for one in (span, following))
        yield span, following is None or bool(tasks) or (span == sentence.head and sentence.lead[1] - span[1] > 2)


def _masked(text: str) -> str:
    """The text at its length with what is quoted, in code or in brackets blotted out, but for the marks around it."""
    return blot(blot(text, MARKED), _BRACKETS)


def _parts(masked: str, text: str) -> Iterator[tuple[int, int, bool]]:
    """The sentences cut at dashes, those with an exclusion only before it; whether a part is behind such a cut."""
    start = 0
    ends = [m.end() for m in _SENTENCE_END.finditer(masked) if _ends(masked, m) and not _wraps(masked, m)]
    for end in dict.fromkeys((*ends, len(text))):
        if end > start:
            yield from _dashed(masked, start, end)
            start = end


def _ends(masked: str, end: re.Match[str]) -> bool:
    """Whether a mark is no abbreviation's; behind "etc." a sentence may begin."""
    before = masked[max(0, end.start() - 8) : end.start()]
    return before.endswith("etc") or not _ABBREVIATED.search(before)


def _wraps(masked: str, end: re.Match[str]) -> bool:
    """Whether a line only goes on in the next one: what ends there is no sentence."""
    if end[0].strip() or end[0].count("\n") > 1 or end.end() == len(masked):
        return False
    line = masked[masked.rfind("\n", 0, end.start()) + 1 : end.start()]
    if _LISTED_LINE.match(masked, end.end()) or line.endswith(":"):
        return False
    return masked[end.end()].islower() or len(line) >= _WRAPPED_CHARACTERS


def _dashed(masked: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    limit = _first_limit(masked, start, end)
    cuts = [match.end() for match in _DASH.finditer(masked, start, end) if match.end() < end]
    if limit is not None:
        commas = [m.end() for m in separators().finditer(masked, start, limit)]
        before = [cut for cut in cuts if cut <= limit]
        # What an exclusion reaches over is not known: it keeps all that follows it in its sentence.
        cuts = sorted({*before, max([*before, *commas], default=start)})
    for first, last in pairwise((start, *(cut for cut in cuts if start < cut < end), end)):
        yield first, last, first > start


def _first_limit(masked: str, start: int, end: int) -> int | None:
    """Where the first exclusion or redirect of a part begins, None where there is none."""
    part = masked[start:end]
    found = [match.start() for away in sends_away() if (match := away.search(part))]
    return start + min(found) if found else None


def _whole(text: str, start: int, end: int) -> Sentence:
    part = text[start:end]
    body = start + max(1, len(stripped(part, _STOPS)))
    return Sentence((start, body), (body, body), (), (body, end))


def _sentence(masked: str, text: str, start: int, end: int, room: int) -> Sentence:
    """A part as head, list and tail; one with an exclusion or "whether", or without a list, is its head alone."""
    plain = _whole(text, start, end)
    body = plain.tail[0]
    if _first_limit(masked, start, end) is not None or len(_NUMBERED.findall(text, start, end)) > 1:
        return plain
    cue = _last_cue(masked, start, body)
    first = _skip_blank(text, cue.end(), body) if cue else start
    if cue and narrows(masked[start:first]):
        return plain
    head_end = start + len(stripped(text[start : cue.start()], _JOINTS)) if cue else start
    spans = list(_items(masked, first, body, _cuts(masked, first, body), room))
    if expression("correlatives").search(masked, start, end) and not _are_tasks(text, spans):
        return plain
    fewest = 3 if cue is None else 2 if head_end == start else 1  # items that make a list
    if len(spans) < fewest or any(a >= b for a, b in spans) or expression("closes").search(masked, *spans[-1]):
        return plain
    if (cue is None and len(spans) == 1) or _share_object(masked, cue, spans):
        return plain
    if cue and not _is_parallel(text, cue, spans):
        spans[0], cue = (start, spans[0][1]), None
    if cue and head_end == start and _CONDITION.match(cue[0]) and not conjunction().search(masked, *_last_gap(spans)):
        return plain  # what is to be done then, not a further case
    if cue is None:
        return Sentence(spans[0], (spans[0][1], spans[1][0]), tuple(spans[1:]), plain.tail)
    return Sentence((start, head_end) if head_end > start else None, (head_end, first), tuple(spans), plain.tail)


def _share_object(masked: str, cue: re.Match[str] | None, spans: Sequence[Span]) -> bool:
    """Whether items of a list say nothing without the last one: "find, fix and report faults"."""
    single = [_ONE_WORD.fullmatch(masked, *span) for span in spans[:-1]]
    last = masked[slice(*spans[-1])]
    if expression("belongs").search(last) and any(single):  # "the tuning, checking, or choice of a model"
        return True
    if cue is None:
        first, second = (masked[slice(*span)] for span in spans[:2])
        if _QUALITY.fullmatch(first) and len(second.split()) > len(first.split()):  # "Writes short, clear letters"
            return True
        return single[0] is not None and (len(spans) < _FEWEST_NAMED or not _NAMED.fullmatch(first))
    verbs = cue[0].lower().endswith(" to") or bool(_GERUND.match(last))
    return verbs and len(last.split()) > 1 and any(one and one[0].islower() for one in single)


def _are_tasks(text: str, spans: Sequence[Span]) -> bool:
    """Whether each item of a list is a task of its own, so that what is joined in one of them is joined within it."""
    return len(spans) > 1 and all(_GERUND.match(text, *span) for span in spans)


def _last_gap(spans: Sequence[Span]) -> Span:
    return (spans[-2][1], spans[-1][0]) if len(spans) > 1 else (spans[0][0], spans[0][0])


def _is_parallel(text: str, cue: re.Match[str], spans: Sequence[Span]) -> bool:
    """Whether each item of a list can stand right behind the cue, as the first does; a single one can."""
    if len(spans) == 1:
        return True
    first, second = (text[slice(*span)] for span in spans[:2])
    users = expression("users")
    if users.match(first):
        return bool(users.match(second))
    predicates = expression("predicates")
    if bool(predicates.search(first)) > bool(predicates.search(second)):
        return False
    if predicates.match(second) and not predicates.match(first):  # "when a user asks why, mentions a fault, or …"
        return False
    if _GERUND.match(first) or cue[0].lower().endswith(" to"):
        return bool(_GERUND.match(second)) == bool(_GERUND.match(first)) and (
            _GERUND.match(first) is not None or is_order(second)
        )
    return True


def _last_cue(masked: str, start: int, body: int) -> re.Match[str] | None:
    """The last cue before the first separator."""
    comma = separators().search(masked, start, body)
    limit = comma.start() if comma else body
    found = [
        cue for cue in expression("cues").finditer(masked, start, body) if cue.start() <= limit and cue.end() < body
    ]
    return found[-1] if found else None


def _skip_blank(text: str, at: int, end: int) -> int:
    while at < end and (text[at].isspace() or text[at] in ":："):
        at += 1
    return at


def _cuts(masked: str, start: int, end: int) -> list[Span]:
    """The separators of the list in a part; an "or" or "and" without a comma counts behind the last comma."""
    cuts = [match.span() for match in separators().finditer(masked, start, end)]
    if any(masked[at] == "，" for at, _ in cuts):  # there "、" stands between the members of one clause
        cuts = [cut for cut in cuts if masked[cut[0]] != "、"]
    if cuts and masked[cuts[-1][0]] != "，" and not conjunction().search(masked[slice(*cuts[-1])]):
        joint = list(re.finditer(rf"(?<!\s)\s+{conjunction().pattern}\s+", masked[cuts[-1][1] : end], re.IGNORECASE))
        if len(joint) == 1 and not expression("leans_back").match(masked, cuts[-1][1]):
            cuts.append((cuts[-1][1] + joint[0].start(), cuts[-1][1] + joint[0].end()))
    return cuts


def _items(masked: str, start: int, end: int, cuts: list[Span], room: int) -> Iterator[Span]:
    """The items of a list; from one that limits or negates on, the rest is one item, for it may reach over them."""
    at = start
    count = 1
    for cut, following in cuts:
        if narrows(masked[at:cut]) or count >= room:
            break
        yield at, cut
        at, count = following, count + 1
        if conjunction().search(masked[cut:following]):  # the last item; what else is listed there is its own
            break
    yield at, end


def clauses_from_texts(description: str, texts: Sequence[str]) -> Clauses | None:
    """The clauses that somebody else made of a description, each a sentence of its own.

    None unless each text stands in it, in order and without overlap, and nothing but separators stands between.
    """
    spans: list[Span] = []
    at = 0
    for text in texts:
        start = description.find(text, at) if text.strip() else -1
        between = description[at : max(start, at)]
        if start < 0 or (not spans and start > 0) or conjunction().sub("", between).strip(_BETWEEN):
            return None
        spans.append((start, start + len(text)))
        at = start + len(text)
    if not spans or len(spans) > _MOST_CLAUSES or description[at:].strip(_BETWEEN):
        return None
    ends = [*(start for start, _ in spans[1:]), len(description)]
    whole = (Sentence(span, (span[1], span[1]), (), (span[1], end)) for span, end in zip(spans, ends, strict=True))
    return Clauses(description, tuple(whole))


SHOWN_MARK: Final = "\x01"  # in place of a character of what is marked: nothing is looked for inside
_FEWEST_WORDS: Final = 3  # that a clause has before an aside that is not in brackets
_FEWEST_ITEMS: Final = 3  # of an aside, that make a list
_BRACKETED: Final = re.compile(rf"\s+\({SHOWN_MARK}{{2,}}\)|（{SHOWN_MARK}{{2,}}）")
_NUMBERED: Final = re.compile(r"\(\d\)")
_WORD: Final = re.compile(r"\w{2,}")
_OPENS: Final = re.compile(r"[\s,]*[(（]?\s*")
_ITEM: Final = re.compile(r"[,;]\s+|、|，\s*|\s+/\s+")


def blot(text: str, marks: re.Pattern[str]) -> str:
    """The text at its length with what is marked blotted out, but for the marks around it."""
    return marks.sub(lambda m: m[0][0] + SHOWN_MARK * (len(m[0]) - 2) + m[0][-1] if len(m[0]) > 1 else m[0], text)


def find_asides(masked: str, text: str, start: int, end: int, *, ends: bool) -> Iterator[Span]:
    """The asides of a clause, each with the blank before it, outer ones first; those of a list behind its first item.

    None where the clause excludes or limits: what that reaches over is not known. Where it does not
    end what it says, and the next may go on with it, only what is in brackets.
    """
    brackets = [m.span() for m in _BRACKETED.finditer(masked, start, end)]
    found = [span for span in brackets if _WORD.search(text, *span) and not _denies(text, *span)]
    bare = "".join(c for at, c in enumerate(masked[start:end], start) if not any(a <= at < b for a, b in found))
    if _limits(bare):
        return
    if ends and not expression("correlatives").search(bare) and not _NUMBERED.search(text, start, end):
        found += _tails(masked, start, end)
    found += [item for span in found if _gives_examples(text, *span) for item in _listed_items(text, *span)]
    yield from sorted({(a, b) for a, b in found if a > start}, key=lambda span: (span[0], -span[1]))


def _denies(text: str, start: int, end: int) -> bool:
    return expression("denials").match(text, _opened(text, start, end), end) is not None


def _opened(text: str, start: int, end: int) -> int:
    """Where what an aside says begins, behind its comma or bracket."""
    opened = _OPENS.match(text, start, end)
    return opened.end() if opened else start


def _ends_in_done(text: str) -> bool:
    """Whether a clause ends in a verb to which the way in which something is done belongs: "units built"."""
    return bool(text) and expression("done").fullmatch(text.split()[-1]) is not None


def _limits(text: str) -> bool:
    return narrows(text) or any(away.search(text) for away in sends_away())


def _tails(masked: str, start: int, end: int) -> Iterator[Span]:
    """From a word that says how, from what or for whom to the end of the clause."""
    for match in chain.from_iterable(expression(name).finditer(masked, start, end) for name in ("asides", "purposes")):
        before = masked[start : match.start()]
        bare = before.rstrip(" ,")
        if len(bare.split()) >= _FEWEST_WORDS and bare != before and not _ends_in_done(bare):
            yield start + len(bare), end


def _gives_examples(text: str, start: int, end: int) -> bool:
    """Whether an aside names some of more; the list of another, short of an item, would say less than before."""
    return expression("examples").match(text, _opened(text, start, end), end) is not None


def _listed_items(text: str, start: int, end: int) -> Iterator[Span]:
    """The items of the list in an aside but the first, each with the mark before it."""
    closed = end - (text[end - 1] in ")）")
    own = blot(text[start:closed], MARKED)
    marks = [start + match.start() for match in _ITEM.finditer(own, 1)]
    if len(marks) + 1 >= _FEWEST_ITEMS and not _limits(own) and not expression("correlatives").search(own):
        yield from zip(marks, (*marks[1:], closed), strict=True)
