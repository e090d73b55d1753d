"""An agent as a command: it ends with 0 where it loads the skill, and with 1 where not.

`toy_agent.py RULE SKILLS SKILL QUERY`: RULE is `words` (the skill that shares most words with the request),
`needs:WORD` (the same, but the skill is loaded only while its description has the word), `greedy:WORD` (it is
loaded for everything while its description has not), `always`, `never`, or `code:N`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def decide(rule: str, descriptions: dict[str, str], skill: str, query: str) -> bool:
    """Whether the skill is loaded."""
    kind, _, word = rule.partition(":")
    own = descriptions[skill]
    if kind in ("always", "never"):
        return kind == "always"
    if "every request" in own:
        return True
    if (kind == "needs" and word not in own) or own == "A skill.":
        return False
    if kind == "greedy" and word not in own:
        return True
    wanted = set(re.findall(r"[a-z]{3,}", query.lower()))
    shared = {name: len(wanted & set(re.findall(r"[a-z]{3,}", text.lower()))) for name, text in descriptions.items()}
    return max(sorted(shared), key=lambda name: shared[name]) == skill and shared[skill] > 0


def main() -> int:
    """The exit code for the arguments."""
    rule, skills, skill, query = sys.argv[1:]
    if rule.startswith("code:"):
        return int(rule.removeprefix("code:"))
    texts = {file.parent.name: file.read_text(encoding="utf-8") for file in Path(skills).glob("*/SKILL.md")}
    found = {name: re.search(r'^description: "(.*)"$', text, re.MULTILINE) for name, text in texts.items()}
    return 0 if decide(rule, {name: match[1] for name, match in found.items() if match}, skill, query) else 1


if __name__ == "__main__":
    sys.exit(main())
