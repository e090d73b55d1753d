"""A markdown-it parser for blocks only, which tries at each line only the rules that its first character allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.ruler import Ruler
from markdown_it.rules_block import StateBlock

# What a line must begin with for a rule to match; the rules that are not named match any beginning.
_BEGINNINGS: Final = {
    "fence": "`~",
    "blockquote": ">",
    "hr": "*-_",
    "list": "*-+0123456789",
    "reference": "[",
    "html_block": "<",
    "heading": "#",
}
_CHAINS: Final = ("", "paragraph", "reference", "blockquote", "list", "table")
Rule = Any  # (state, first line, end line, silent) -> bool


def blocks_only() -> MarkdownIt:
    """A CommonMark parser with tables and without the inline rules, which cost half of the time and map no lines."""
    parser = MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])
    parser.block.ruler = _FirstCharacterRuler(parser.block.ruler)
    return parser


class _FirstCharacterRuler(Ruler[Rule]):
    """The rules of another ruler; each chain is one rule that tries those which can match, in their order."""

    def __init__(self, rules: Ruler[Rule]) -> None:
        super().__init__()
        self._names = rules.get_active_rules()
        by_function = dict(zip(rules.getRules(""), self._names, strict=True))
        self._chains = {chain: [_dispatcher(rules.getRules(chain), by_function)] for chain in _CHAINS}
        self._others = rules

    def getRules(self, chainName: str = "") -> list[Rule]:
        """The rules of a chain."""
        return self._chains.get(chainName) or self._others.getRules(chainName)

    def get_active_rules(self) -> list[str]:
        """The names of the rules that are tried."""
        return self._names


def _dispatcher(rules: Sequence[Rule], names: Mapping[Rule, str]) -> Rule:
    anything = tuple(rule for rule in rules if names[rule] not in _BEGINNINGS)
    allowed = {
        character: tuple(rule for rule in rules if character in _BEGINNINGS.get(names[rule], character))
        for character in "".join(_BEGINNINGS.values())
    }

    def first_match(state: StateBlock, line: int, end: int, silent: bool) -> bool:
        start = state.bMarks[line] + state.tShift[line]
        tried = allowed.get(state.src[start], anything) if start < state.eMarks[line] else anything
        for rule in tried:  # noqa: SIM110 - a generator would cost as much as a rule
            if rule(state, line, end, silent):
                return True
        return False

    return first_match
