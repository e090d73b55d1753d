"""What belongs together stays together: no hole in a count, no half of a pair, no pointer to what is gone."""

from __future__ import annotations

from collections.abc import Iterator

from skill_distiller.checks.model import Finding, FindingKind, Level, Pair, Quote
from skill_distiller.language.modals import restricts
from skill_distiller.meaning.compare import Comparison
from skill_distiller.skill.model import Skill
from skill_distiller.structure.edges import Edge, EdgeKind, Piece, heading_of
from skill_distiller.structure.files import named_files
from skill_distiller.structure.find_edges import find_edges


def find_broken_edges(pair: Pair) -> Iterator[Finding]:
    """Fails where a piece of the original is gone that a kept one can't do without, or the last mention of a file.

    No receipt declares that away. What stands in another file of the candidate is not gone.
    """
    if not pair.comparison.alignment.gone:
        return
    yield from _lost_files(pair)
    elsewhere = "\n".join(skill.body for skill in _others(pair))
    for edge, source, target in broken_edges(pair.original, pair.comparison):
        if {source, target} <= pair.retold.blocks or _is_folded(pair, edge, source, target):
            continue  # both are said, in one text
        if target < 0 or pair.original.blocks[target].text.strip() not in elsewhere:
            lost, needs = _quote(pair.original, target), _quote(pair.original, source)
            detail = f"{edge.kind.value}, {edge.why}" if edge.why else edge.kind.value
            block = max(target, -1)
            yield Finding(FindingKind.LOST, Level.FAILURE, lost.text, lost.line, detail, other=needs, block=block)


def _is_folded(pair: Pair, edge: Edge, source: Piece, target: Piece) -> bool:
    """Whether a label, or what stood under it, went with an example of which a line is left.

    In a line that says what is asked and what is done nobody looks for "Call:"; what binds an agent is no example.
    """
    texts = {pair.original.blocks[piece].text for piece in (source, target) if piece >= 0}
    if edge.kind is not EdgeKind.LABEL or len(texts) < 2 or not texts <= pair.declared.folded:
        return False
    matches = pair.comparison.alignment.matches
    left = [unit.text for match in matches if source in {u.block for u in match.before} for unit in match.after]
    return not any(map(restricts, texts)) and all(map(pair.sums_up, left))


def broken_edges(original: Skill, comparison: Comparison) -> Iterator[tuple[Edge, Piece, Piece]]:
    """The hard edges of which only one end is left, each with the end that stayed and the one that went, once for each.

    A piece is gone where nothing of it has a counterpart.
    """
    found = comparison.alignment
    kept = {block for block, _ in found.blocks} | {unit.block for match in found.matches for unit in match.before}
    gone = {heading_of(unit.section) if unit.block < 0 else unit.block for unit in found.gone} - kept
    seen = set[Piece]()
    for edge in find_edges(original) if gone else ():
        for source, target in [(edge.source, edge.target), (edge.target, edge.source)][: 1 + edge.mutual]:
            if edge.hard and target in gone and source not in gone and target not in seen:
                seen.add(target)
                yield edge, source, target


def _others(pair: Pair) -> Iterator[Skill]:
    return (skill for _, skill in pair.candidate_folder.texts() if skill is not pair.candidate)


def _lost_files(pair: Pair) -> Iterator[Finding]:
    named = named_files(pair.original, {block.text for block in pair.candidate.blocks})  # what stayed names its files
    reach = "\n".join((pair.candidate.text, *(skill.text for skill in _others(pair)))) if named else ""
    for name, pieces in named.items():
        if name not in reach:
            line = _quote(pair.original, pieces[0]).line
            yield Finding(FindingKind.LOST, Level.FAILURE, name, line, "file", block=max(pieces[0], -1))


def _quote(skill: Skill, piece: Piece) -> Quote:
    if piece < 0:
        section = skill.sections[heading_of(piece)]
        return Quote(section.heading, section.line)
    block = skill.blocks[piece]
    return Quote(block.text.strip().split("\n", 1)[0], block.line)
