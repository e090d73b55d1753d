"""Delete the phrases that were taken for redundant, where a program can see that no fact goes with them.

    >>> from skill_distiller.rewriting.edits import apply_edits
    >>> text = "It logs, as one would expect, to `a.log`."
    >>> apply_edits(text, phrase_edits(text, [", as one would expect,"], (), ()))
    'It logs to `a.log`.'

Only deletion. A phrase stays where it touches a locked span or an essential phrase, stands more than
once, ends inside a word, holds the mark of a list item, or would leave a line without words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from skill_distiller.analysis.model import Analysis, Phrases, SectionType, Verdict
from skill_distiller.language.spans import Span, merge_spans, overlaps
from skill_distiller.rewriting.edits import Edit, apply_edits, join_edits
from skill_distiller.rewriting.ladder import Pruner
from skill_distiller.skill.model import PROSE, Block, Skill
from skill_distiller.skill.parse import LIST_MARKER

_STRENGTH: Final = 0.8  # of the bolder pruned rung: the word of a model, and of any model
_MIN_PHRASE_CHARS: Final = 6  # characters of a phrase
_PLAIN: Final = re.compile(
    r"(?:you|your|the|this|that|these|those|it|its|a|an|all|each|any|some|there|we|they|when|if|run|use|do)\b"
)
_MARKER: Final = re.compile(rf"[ \t>]*{LIST_MARKER}?[ \t]*(?:\[[ xX]\][ \t]*)?")
_ITEM: Final = re.compile(rf"(?<=\n)[ \t>]*{LIST_MARKER}[ \t]")


class PhraseScorer(Protocol):
    """The seam: whoever can tell which phrases of a skill are redundant."""

    name: str

    def phrases(self, analysis: Analysis) -> Mapping[int, Phrases]:
        """The phrases by index of their block; only blocks with any."""


@dataclass(frozen=True, slots=True)
class PhrasePruner:
    """Deletes redundant phrases, given by index of the block, and of the other words what `words` would."""

    phrases: Mapping[int, Phrases]
    words: Pruner | None = None

    def edits(
        self, skill: Skill, prose: Sequence[int], locked: Mapping[int, Sequence[Span]]
    ) -> dict[int, tuple[Edit, ...]]:
        """For blocks of prose by index, deletions outside their locked spans, sorted and without overlaps."""
        found = dict(self.words.edits(skill, prose, locked)) if self.words else {}
        for block in prose:
            if block not in self.phrases:
                continue
            text, said = skill.blocks[block].text, self.phrases[block]
            edits = phrase_edits(text, said.redundant, said.essential, locked[block])
            both = join_edits(edits, found.get(block, ()))
            # Each leaves words on every line; the two together might not.
            found[block] = both if _bare_lines(apply_edits(text, both)) <= _bare_lines(text) else edits
        return found


def phrase_edits(
    text: str, redundant: Sequence[str], essential: Sequence[str], locked: Sequence[Span]
) -> tuple[Edit, ...]:
    """The deletions of the redundant phrases that may go, sorted and without overlaps."""
    held = merge_spans([*locked, *(Span(at, at + len(p)) for p in essential if (at := text.find(p)) >= 0)])
    edits: tuple[Edit, ...] = ()
    for span in _joined(text, [span for phrase in redundant if (span := _span(text, phrase))], held):
        edit = _edit(text, span)
        more = join_edits(edits, [edit])
        if not overlaps((edit.start, edit.end), held) and _bare_lines(apply_edits(text, more)) <= _bare_lines(text):
            edits = more
    return edits


def _span(text: str, phrase: str) -> Span | None:
    """Where a phrase stands, if it may be quoted at all."""
    start = text.find(phrase)
    end = start + len(phrase)
    if start < 0 or len(phrase) < _MIN_PHRASE_CHARS or text.find(phrase, start + 1) >= 0:
        return None
    cuts = (phrase[0].isalnum() and text[:start][-1:].isalnum()) or (phrase[-1].isalnum() and text[end:][:1].isalnum())
    line = text.rfind("\n", 0, start) + 1
    item = _ITEM.search(f"\n{text[line:end]}", start - line) if start == line else _ITEM.search(phrase)
    return None if cuts or item or "\n\n" in phrase else Span(start, end)


def _joined(text: str, spans: Sequence[Span], held: Sequence[Span]) -> list[Span]:
    """The spans that touch nothing held, those with only blanks between them as one."""
    joined: list[Span] = []
    for span in sorted(span for span in spans if not overlaps(span, held)):
        if joined and not text[joined[-1].end : span.start].strip(" \t"):
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def _edit(text: str, span: Span) -> Edit:
    """The deletion of a span, with one blank or none where it stood, and a capital where a sentence lost its own."""
    start, end = span
    first = opens = bool(_MARKER.fullmatch(text[text.rfind("\n", 0, start) + 1 : start]))
    if first:
        end = _skip(text, end, " \t,;:")
    else:
        start = len(text[:start].rstrip(" \t"))
        end = _skip(text, end, " \t")
        mark = text[start - 1 : start]
        opens = mark in tuple(".!?")
        if mark and mark in ".!?,;:" and text[end : end + 1] in tuple(".,;:"):  # the one that ends more stays
            start, end = (start, _skip(text, end + 1, " \t")) if opens else (start - 1, end)
    blank = "" if first or end >= len(text) or text[end] in ".,;:!?)\r\n" else " "
    if opens and text[span.start].isupper() and _PLAIN.match(text, end):  # not a name like `npm`
        return Edit(start, end + 1, blank + text[end].upper(), _STRENGTH)
    if blank and text[end - 1] == blank:  # the blank that stays is one of the text
        return Edit(start, end - 1, "", _STRENGTH)
    return Edit(start, end, blank, _STRENGTH)


def _skip(text: str, at: int, characters: str) -> int:
    return len(text) - len(text[at:].lstrip(characters))


def _bare_lines(text: str) -> int:
    """How many lines have no word or number besides the mark of a list item."""
    return sum(not any(c.isalnum() for c in _MARKER.sub("", line, count=1)) for line in text.split("\n"))


COMPRESSIBLE: Final = frozenset(
    {SectionType.EXAMPLE, SectionType.EDGE_CASE, SectionType.EXPLANATION, SectionType.VERBOSE_DETAIL}
)
_MIN_BLOCK_CHARS: Final = 80  # characters; less is not worth asking for
_LONGEST: Final = 3000  # characters; more is not quoted reliably


def compressible_blocks(skill: Skill, verdicts: Sequence[Verdict]) -> list[Block]:
    """The blocks of prose whose type allows words to go."""
    return [
        block
        for block, verdict in zip(skill.blocks, verdicts, strict=True)
        if verdict.type in COMPRESSIBLE
        and not verdict.protected_by_kind
        and block.kind in PROSE
        and _MIN_BLOCK_CHARS <= len(block.text) <= _LONGEST
    ]
