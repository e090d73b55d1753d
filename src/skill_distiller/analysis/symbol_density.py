"""How much of a text is formulas rather than prose."""

from __future__ import annotations

import re
from typing import Final

_SYMBOL: Final = re.compile(r"[→←↔↦⇒⇐⇔⟹⟺∈∉∋∀∃∄¬∧∨⊕⊢⊨≥≤≠≡≈∪∩⊂⊆⊃⊇∅∑∏∖×ΣθλℕℝℤΘΛ]")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def symbol_density(text: str) -> float:
    """Symbols of logic and mathematics to those symbols and words of two letters and more, 0-1."""
    symbols = len(_SYMBOL.findall(text))
    return symbols / (symbols + len(_WORD.findall(text))) if symbols else 0.0
