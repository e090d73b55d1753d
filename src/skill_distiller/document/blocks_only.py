"""markdown-it for blocks only: at each line the rules that its first character allows, and no token deeper than two.

It gives the tokens of levels 0 and 1 that the whole parser gives, in two thirds of the time of its block rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

from markdown_it import MarkdownIt
from markdown_it.ruler import Ruler
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore, normalize
from markdown_it.token import Token

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
_DEPTH: Final = 2
_CHAINS: Final = ("", "paragraph", "reference", "blockquote", "list", "table")
Rule = Any  # (state, first line, end line, silent) -> bool


def parse_blocks(text: str) -> list[Token]:
    """The block tokens of a CommonMark text with tables, levels 0 and 1; NUL and line ends as CommonMark takes them."""
    core = StateCore(text, _parser(), {})
    normalize(core)
    state = _Shallow(core.src, _parser(), core.env, core.tokens)
    _parser().block.tokenize(state, 0, state.lineMax)
    return core.tokens


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Without the inline rules, which cost half of the time and map no lines.
    parser = MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])
    parser.block.ruler = _FirstCharacterRuler(parser.block.ruler)
    return parser


class _Shallow(StateBlock):
    """A state that keeps no token below level 1: whatever a rule writes on one of those is thrown away."""

    _scrap = Token("", "", 0)

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """The new token."""
        if self.level - (nesting < 0) < _DEPTH:
            return super().push(ttype, tag, nesting)
        self.level += nesting
        return self._scrap


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
