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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from skill_distiller.analysis.model import PROMPTED, Phrases, SectionType, Verdict
from skill_distiller.language.spans import Span, merge_spans, overlaps
from skill_distiller.rewriting.edits import Edit, apply_edits, join_edits
from skill_distiller.rewriting.ladder import Pruner
from skill_distiller.skill.model import PROSE, Block, Skill
from skill_distiller.skill.parse import LIST_MARKER

_MIN_PHRASE_CHARS: Final = 6  # characters of a phrase
_PLAIN: Final = re.compile(
    r"(?:you|your|the|this|that|these|those|it|its|a|an|all|each|any|some|there|we|they|when|if|run|use|do)\b"
)
_MARKER: Final = re.compile(rf"[ \t>]*{LIST_MARKER}?[ \t]*(?:\[[ xX]\][ \t]*)?")
_ITEM: Final = re.compile(rf"(?<=\n)[ \t>]*{LIST_MARKER}[ \t]")


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
            edits = phrase_edits(text, said.redundant, said.essential, locked[block], said.strength)
            both = join_edits(edits, found.get(block, ()))
            # Each leaves words on every line; the two together might not.
            found[block] = both if _bare_lines(apply_edits(text, both)) <= _bare_lines(text) else edits
        return found


def phrase_edits(
    text: str,
    redundant: Sequence[str],
    essential: Sequence[str],
    locked: Sequence[Span],
    strength: float = PROMPTED,
) -> tuple[Edit, ...]:
    """The deletions of the redundant phrases that may go, sorted and without overlaps, all of one `strength`."""
    held = merge_spans([*locked, *(Span(at, at + len(p)) for p in essential if (at := text.find(p)) >= 0)])
    bare = _bare_lines(text)
    edits: tuple[Edit, ...] = ()
    for span in _together(text, [span for phrase in redundant if (span := _span(text, phrase))], held):
        edit = _edit(text, span)._replace(strength=strength)
        more = join_edits(edits, [edit])
        if not overlaps((edit.start, edit.end), held) and _bare_lines(apply_edits(text, more)) <= bare:
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


def _together(text: str, spans: Sequence[Span], held: Sequence[Span]) -> Iterator[Span]:
    """The spans that touch nothing held, those with only blanks between them as one."""
    last: Span | None = None
    for span in sorted(span for span in spans if not overlaps(span, held)):
        if last and (span.start <= last.end or not text[last.end : span.start].strip(" \t")):
            last = Span(last.start, max(last.end, span.end))
            continue
        if last:
            yield last
        last = span
    if last:
        yield last


def _edit(text: str, span: Span) -> Edit:
    """The deletion of a span, with one blank or none where it stood."""
    start, end = span
    opening = text[text.rfind("\n", 0, start) + 1 : start]
    if _MARKER.fullmatch(opening):
        end = _skip(text, end, " \t,;:")
        return _opened(text, start, end, span)
    start = len(text[:start].rstrip(" \t"))
    end = _skip(text, end, " \t")
    mark = text[start - 1 : start]
    if mark and mark in ".!?,;:" and text[end : end + 1] in tuple(".,;:"):
        if mark in ",;:":  # of two marks the one that ends more stays
            start -= 1
        else:
            end = _skip(text, end + 1, " \t")
    if mark and mark in ".!?":
        return _opened(text, start, end, span, _blank(text, end))
    return _trimmed(text, start, end, _blank(text, end))


def _opened(text: str, start: int, end: int, span: Span, blank: str = "") -> Edit:
    """With a capital, where a sentence lost its first word and the next one can't be a name like `npm`."""
    if text[span.start].isupper() and _PLAIN.match(text, end):
        return Edit(start, end + 1, blank + text[end].upper())
    return _trimmed(text, start, end, blank)


def _trimmed(text: str, start: int, end: int, blank: str) -> Edit:
    """A pure deletion where the blank that stays is one of the text."""
    if blank and text[end - 1] == blank:
        return Edit(start, end - 1, "")
    return Edit(start, end, blank)


def _blank(text: str, end: int) -> str:
    return "" if end >= len(text) or text[end] in ".,;:!?)\r\n" else " "


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
        and not verdict.required
        and block.kind in PROSE
        and _MIN_BLOCK_CHARS <= len(block.text) <= _LONGEST
    ]
