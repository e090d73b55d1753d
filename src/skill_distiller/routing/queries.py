"""Requests that a skill should, or should not, be chosen for: from files, or from its own body."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import yaml

from skill_distiller.analysis.reading import Reading, SectionType
from skill_distiller.errors import UsageError
from skill_distiller.rewriting.one_liner.line_text import is_label, plain, units
from skill_distiller.rewriting.one_liner.triggers import find_triggers, quotes
from skill_distiller.routing.expressions import expression
from skill_distiller.routing.lexical import word_list
from skill_distiller.routing.oracle import CLEAR_LEAD, Oracle
from skill_distiller.skill.model import BlockKind

MOST_FROM_BODY: Final = 12  # eight of which drive the search, and four are kept for the end
FEWEST_QUERIES: Final = 4  # that show what a description routes
_MOST_TRIED: Final = 60  # of a body, to find as many that the description routes
_PASSAGE: Final = 600  # characters of a passage
_FEWEST_IN_PASSAGE: Final = 8  # words
_FEWEST_UNSPACED: Final = 30  # characters, of one in a script that sets no blanks
_MOST: Final = 200  # of a file
_LONGEST: Final = 2000  # characters; a longer request is cut for the router, which reads words
_TEXT_KEYS: Final = ("query", "prompt", "question")
_LIST_KEYS: Final = ("evals", "queries", "tests", "cases")
_DEEPEST: Final = 4  # lists and objects inside of each other that a file of queries may have
_MOST_EVENTS: Final = 100_000
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_HEADING_LEVEL: Final = 3
_FEWEST_WORDS: Final = 2  # that say something, of a query from the body
_HELD_OUT: Final = 3  # one of so many queries is kept for the end
_HINT: Final = 'Write a list of strings, or of objects such as {"query": "…", "should_trigger": true}.'


class Source(StrEnum):
    """Where a query comes from."""

    FILE = "file"
    MODEL = "model"
    BODY = "body"
    PASSAGE = "passage"  # of the body, as long as a request of a user
    QUOTED = "quoted"  # by the description itself


class Query(NamedTuple):
    """A request; `positive` where the skill should be chosen for it."""

    text: str
    source: Source
    positive: bool = True


class QuerySplit(NamedTuple):
    """Queries that drive the search, those that are seen once, at the end, and those that only weigh together.

    Each of the first two kinds has to route; of the `weighed` ones some may be lost, where the others lead the more.
    """

    driving: tuple[Query, ...]
    held_out: tuple[Query, ...]
    weighed: tuple[Query, ...] = ()


def parse_queries(content: str, skill: str, name: str) -> tuple[Query, ...]:
    """The queries of a file in JSON, JSON lines or YAML, in any of the usual forms; `name` is the file in messages.

    A query is a string, or the `query`, `prompt` or `question` of an object; it is negative where
    `should_trigger` is false or `expected_skill` names another skill than `skill`. Raises UsageError where the file
    is none of these, or holds no query.
    """
    found = tuple(dict.fromkeys(_queries(_parse(content, name), skill, 0)))[:_MOST]
    if not found:
        raise UsageError(f"{name} holds no query.", _HINT)
    return found


def _parse(content: str, name: str) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        pass
    try:
        lines = [line for line in content.splitlines() if line.strip()]
        return [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        pass
    try:
        _check_yaml(content, name)
        return yaml.load(content, Loader=_LOADER)  # a safe loader
    except (yaml.YAMLError, ValueError, ArithmeticError):
        raise UsageError(f"{name} is neither JSON, JSON lines nor YAML.", _HINT) from None


def _check_yaml(content: str, name: str) -> None:
    """Raise UsageError for what no list of queries needs: aliases, deep nesting, more than a file of queries holds."""
    depth = 0
    for count, event in enumerate(yaml.parse(content, Loader=_LOADER)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST or count > _MOST_EVENTS:
            raise UsageError(f"{name} holds YAML that is no list of queries.", _HINT)


def _queries(value: object, skill: str, depth: int) -> Iterator[Query]:
    if isinstance(value, str) and depth and value.strip():
        yield Query(_cut(value), Source.FILE)
    elif isinstance(value, list) and depth < _DEEPEST:
        for item in value:
            yield from _queries(item, skill, depth + 1)
    elif isinstance(value, Mapping) and depth < _DEEPEST:
        text = next((value[key] for key in _TEXT_KEYS if isinstance(value.get(key), str)), "")
        if text.strip():
            expected = value.get("expected_skill", skill)
            other = isinstance(expected, str) and expected.strip() not in ("", skill)
            yield Query(
                _cut(text), Source.FILE, not (value.get("should_trigger") is False or expected is None or other)
            )
        else:
            for key in _LIST_KEYS:
                if isinstance(value.get(key), list):
                    yield from _queries(value[key], skill, depth + 1)


def _cut(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]


def queries_from_body(reading: Reading, most: int = _MOST_TRIED) -> tuple[Query, ...]:
    """At most so many queries from the body alone, the most telling sources first.

    In order: what its TRIGGER blocks list, phrases quoted there and in examples, headings that name a
    task, the first sentences of paragraphs that instruct or explain.
    """
    found: dict[str, str] = {}
    for text in _material(reading):
        query = _cut(text).strip(" .:;,")
        words = word_list(query)
        known = any(set(words) <= set(word_list(other)) for other in found.values())
        if (len(words) >= _FEWEST_WORDS or not query.isascii()) and query and not known:
            found.setdefault(query.casefold(), query)
        if len(found) >= most:
            break
    return tuple(Query(text, Source.BODY) for text in found.values())


def passages_from_body(reading: Reading) -> tuple[Query, ...]:
    """The sections of the body as requests: heading and prose, of each what a request of a user may be long.

    A passage speaks of several things at once, as users do; a phrase from the body asks for one of them alone.
    """
    texts = []
    for section in reading.skill.sections:
        prose = (block.text for block in section.blocks if block.kind is not BlockKind.CODE)
        text = _cut(" ".join((section.heading, *prose)))[:_PASSAGE]
        if len(text.split()) >= _FEWEST_IN_PASSAGE or (not text.isascii() and len(text) >= _FEWEST_UNSPACED):
            texts.append(text)
    return tuple(Query(text, Source.PASSAGE) for text in [*dict.fromkeys(texts)][:_MOST_TRIED])


def split_own(passages: Sequence[Query], phrases: Sequence[Query], oracle: Oracle, seed: int) -> QuerySplit:
    """The skill's own words, as far as the original routes them: passages drive the search, and phrases weigh.

    Where too few passages are routed to show much, the first phrases drive it too.
    """
    routed = set(oracle.routed([query.text for query in (*passages, *phrases)], CLEAR_LEAD))
    telling = [query for query in passages if query.text in routed]
    weighed = [query for query in phrases if query.text in routed]
    if len(telling) < FEWEST_QUERIES:
        telling, weighed = telling + weighed[:MOST_FROM_BODY], weighed[MOST_FROM_BODY:]
    return split_queries(telling, seed)._replace(weighed=tuple(weighed))


def _material(reading: Reading) -> Iterator[str]:
    skill, verdicts = reading.skill, reading.verdicts
    triggers = find_triggers(reading)
    yield from (piece.text for piece in triggers.listed if piece.block is not None)
    yield from (piece.text.strip("\"'“”「」") for piece in triggers.phrases if piece.block is not None)
    for block in skill.blocks:
        if verdicts[block.index].type is SectionType.EXAMPLE and block.kind is not BlockKind.CODE:
            text = plain(block.text)
            yield from (text[start + 1 : end - 1] for start, end in quotes(text))
    for section in skill.sections:
        heading = plain(section.heading).strip(" #:.")
        heading = heading.lstrip("0123456789.) ")
        if 0 < section.level <= _MOST_HEADING_LEVEL and not expression("generic_headings").fullmatch(heading):
            yield heading
    telling = (SectionType.CORE_INSTRUCTION, SectionType.EXPLANATION)
    for block in skill.blocks:
        if block.kind is BlockKind.PARAGRAPH and verdicts[block.index].type in telling:
            first = next(iter(units(block)), "")
            if first and not is_label(first):
                yield first


def routed_first(queries: Sequence[Query], oracle: Oracle) -> tuple[tuple[Query, ...], tuple[Query, ...]]:
    """The queries, of those from a body only twelve, and apart what else of the body the original routes.

    The twelve are the first that the original routes, then the first of the others.
    """
    body = [query for query in queries if query.source is Source.BODY]
    known = set(oracle.routed([query.text for query in body]))
    ranked = sorted(body, key=lambda query: query.text not in known)
    chosen, further = ranked[:MOST_FROM_BODY], ranked[MOST_FROM_BODY:]
    first = tuple(query for query in queries if query.source is not Source.BODY or query in chosen)
    return first, tuple(query for query in further if query.text in known)


def quoted_queries(description: str) -> tuple[Query, ...]:
    """What a description quotes as the words of users: requests that have to lead to the skill whatever goes."""
    texts = (description[start + 1 : end - 1] for start, end in quotes(description))
    return tuple(Query(_cut(text), Source.QUOTED) for text in dict.fromkeys(texts) if word_list(text))


def split_queries(queries: Iterable[Query], seed: int) -> QuerySplit:
    """Two thirds of the queries, of the positive and of the negative ones alike, and the third kept for the end.

    The split depends on the seed and the queries alone. Fewer than three all drive the search.
    """
    queries = tuple(queries)
    driving: list[Query] = []
    held_out: list[Query] = []
    for positive in (True, False):
        own = [query for query in queries if query.positive is positive]
        chosen = _chosen(own, len(own) // _HELD_OUT, seed)
        driving += [query for place, query in enumerate(own) if place not in chosen]
        held_out += [query for place, query in enumerate(own) if place in chosen]
    return QuerySplit(tuple(driving), tuple(held_out))


def _chosen(queries: Sequence[Query], count: int, seed: int) -> set[int]:
    order = list(range(len(queries)))
    random.Random(f"{seed}\0split\0{len(queries)}").shuffle(order)
    return set(order[:count])
