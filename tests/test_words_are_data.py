"""Words of a language are data: no list of them, and no alternation of them, stands in code."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.test_architecture import SOURCE

# Lists and alternations of more words than FEW, by file. A number only ever falls, and a file only ever goes.
STILL_IN_CODE = {
    "analysis/safeguards.py": 1,
    "checks/format.py": 1,
    "cli/options/models.py": 1,
    "language/fact.py": 2,
    "language/forms.py": 5,
    "language/words.py": 2,
    "planning/worth.py": 1,
    "providers/network.py": 2,
    "providers/secret_scan.py": 3,
    "rewriting/example_lines.py": 2,
    "rewriting/extract.py": 1,
    "rewriting/one_liner/line_text.py": 1,
    "rewriting/one_liner/triggers.py": 3,
    "skill/containers.py": 1,
    "skill/parse.py": 1,
    "structure/references.py": 1,
    "structure/find_edges.py": 1,
    "structure/pairs.py": 1,
    "structure/pointers.py": 1,
}
FEW = 3
_WORDS = re.compile(r"[^\W\d_]{2,}(?:(?: |\\ |\\s[+*]?)[^\W\d_]+)*")


def lists_in(path: Path) -> Iterator[ast.Constant]:
    """The strings of a module that list words: before `.split()`, or as alternatives of an expression."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    split = {
        id(node.func.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split"
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docstrings:
            continue
        parts = (
            node.value.split() if id(node) in split else re.split(r"[|()]|\?:", node.value) if "|" in node.value else []
        )
        if sum(_WORDS.fullmatch(part.strip()) is not None for part in parts) > FEW:
            yield node


def test_lists_of_words_are_data() -> None:
    """In `language/data` and the like; what still stands in code is listed, and the list can only shrink."""
    found = Counter(
        path.relative_to(SOURCE).as_posix() for path in sorted(SOURCE.rglob("*.py")) for _ in lists_in(path)
    )
    assert dict(found) == STILL_IN_CODE
