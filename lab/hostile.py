"""Texts that try to take the square of their length in time: `python -m lab.hostile [--modes …] [--most-chars N]`.

Every construct, repeated, is doubled through every mode. Time may grow with the length to the power of 1.3.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from lab.common.tables import table
from lab.common.timing import forget_texts
from skill_distiller.checks.gate import verify
from skill_distiller.cli.plan_file import parse_plan, plan_text
from skill_distiller.errors import SkillDistillerError
from skill_distiller.planning.plan import Mode
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill

MOST_EXPONENT: Final = 1.3
_FIRST_CHARS: Final = 4_000  # of a text; it is doubled from here
_MOST_SECONDS: Final = 4.0  # a text that takes longer is not doubled again
_LEAST_SECONDS: Final = 0.04  # in less time noise decides
# What is repeated: words and marks of every kind that a part of the tool looks for.
UNITS: Final[Mapping[str, str]] = {
    "word": "word{n}", "same word": "word", "bold": "**word**", "bold and comma": "**word**,", "italic": "*word*",
    "underscores": "__word__", "open bold": "**word", "open italic": "*word", "code span": "`code{n}`",
    "open code span": "`code", "ticks": "``", "link": "[word](a/b{n}.md)", "link of code": "[a](`b{n}.md`)",
    "open link": "[word](", "bracket": "[word", "image": "![word](p{n}.png)", "reference": "[word][r{n}]",
    "autolink": "<https://example.org/{n}>", "url": "https://example.org/{n}", "tag": "<b>word</b>", "open tag": "<b>",
    "closing tag": "</b>", "less than": "<", "comment": "<!-- word -->", "open comment": "<!--", "entity": "&amp;",
    "must": "you must word{n}", "never": "never word{n}", "unless": "unless word{n}", "only if": "only if word{n}",
    "if then": "if word{n} then stop", "before": "before word{n}", "not": "not", "German": "nicht ohne Wort{n}",
    "French": "ne pas sans mot{n}", "Spanish": "nunca sin palabra{n}", "Russian": "никогда не слово{n}",
    "Chinese": "不得在没有", "Japanese": "しないでください", "Korean": "하지 마세요", "Arabic": "لا تفعل",
    "number": "{n}", "number and unit": "{n} seconds", "range": "{n}-{n}", "percent": "{n}%", "version": "v{n}.0.1",
    "path": "a/b{n}/c.md", "long path": "/a{n}", "flag": "--flag-{n}", "variable": "VAR_{n}",
    "placeholder": "<name{n}>",
    "template": "{{{{name{n}}}}}", "quotation": '"word {n}"', "open quotation": '"word', "apostrophe": "'word'",
    "parenthesis": "(word{n})", "open parenthesis": "(", "arrow": "word → word{n}", "dash": "word — word{n}",
    "ellipsis": "word…", "dots": "...", "colon": "word{n}:", "semicolon": "word;", "question": "Why {n}?",
    "sentence": "Run it {n}.", "please": "Please note that word{n} is really", "for example": "for example word{n}",
    "e.g.": "e.g. word", "section name": "see the section above", "step": "step {n}", "emoji": "✅ word{n}",
    "strike": "~~word~~", "pipe": "| word", "backslash": "\\", "hash": "# word{n}", "quote mark": "> word",
    "list mark": "- word", "number mark": "1. word", "fence": "```", "tilde fence": "~~~", "rule": "---", "equals": "=",
    "tab": "\tword", "no-break space": "\u00a0word", "zero width": "\u200bword", "form feed": "\fword",
    "definition": "[r{n}]: https://example.org/{n}", "footnote": "[^{n}]", "NEVER": "NEVER word{n}",
    "email": "a{n}@b.org",
    "heading names": "see Heading {n}", "checklist": "- [ ] word{n}", "bold label": "**Label {n}:** word",
    "CamelCase": "CamelCase{n}", "snake": "snake_case_{n}", "JSON": '{{"a": {n}}}', "and": "and",
    "or": "or", "that": "that",
}  # fmt: skip
# How it is repeated.
ARRANGEMENTS: Final[Mapping[str, tuple[str, str]]] = {
    "in a line": ("{} ", "\n"),
    "without a space": ("{}", "\n"),
    "in lines": ("{}\n", "\n"),
    "in items": ("- {}\n", "\n"),
    "in steps": ("1. {}\n", "\n"),
    "in blocks": ("{}\n\n", "\n"),
    "under headings": ("## Heading {n}\n\n{}\n\n", "\n"),
    "in a table": ("| {} | b |\n", "\n"),
    "nested": ("> {}\n> ", "\n"),
}
_HEAD: Final = "---\nname: hostile\ndescription: Use when a text is hostile.\n---\n\n# A\n\nRun `a` first.\n\n"
_TABLE_HEAD: Final = "| a | b |\n|---|---|\n"


def constructs(every: int = 4) -> Iterator[tuple[str, str, str]]:
    """Names, what is repeated, and what stands before it: every unit arranged in some way, `every` apart."""
    ways = tuple(ARRANGEMENTS)
    # Each unit begins with another way, so that whatever `every` is all ways are taken.
    pairs = [(unit, ways[(i + j) % len(ways)]) for i, unit in enumerate(UNITS) for j in range(len(ways))]
    for place, (unit, way) in enumerate(pairs):
        if place % every == 0:
            pattern, _ = ARRANGEMENTS[way]
            yield f"{unit} {way}", pattern.replace("{}", UNITS[unit]), _TABLE_HEAD if way == "in a table" else ""


def text_of(repeated: str, before: str, chars: int) -> str:
    """A skill of about so many characters."""
    parts, length, number = [], 0, 0
    while length < chars:
        number += 1
        parts.append(repeated.format(n=number))
        length += len(parts[-1])
    return f"{_HEAD}{before}{''.join(parts)}\n"


def _compress(options: DistillOptions, skill: Skill) -> None:
    distill(skill, options)


def _verify(skill: Skill) -> None:
    verify(skill, parse_skill(skill.text.replace("Run `a` first.", "Run `b` first.")), files=False)


def _load_plan(plan: str, skill: Skill) -> None:
    distill(skill, DistillOptions(plan=parse_plan(plan)))


MODES: Final[Mapping[str, Callable[[Skill], None]]] = {
    "threshold": partial(_compress, DistillOptions(threshold=0.6)),
    "tokens": partial(_compress, DistillOptions(mode=Mode.TOKENS, tokens=400)),
    "oneliner": partial(_compress, DistillOptions(mode=Mode.ONELINER)),
    "verify": _verify,
}


@dataclass(frozen=True, slots=True)
class Growth:
    """What a construct took in a mode: characters and seconds of each text, each twice as long as the one before."""

    construct: str
    mode: str
    chars: tuple[int, ...]
    seconds: tuple[float, ...]
    failure: str = ""

    @property
    def exponent(self) -> float:
        """To which the length is raised by the last two doublings; 0 where it took too little to tell."""
        if len(self.seconds) < 2 or self.seconds[-1] < _LEAST_SECONDS:
            return 0.0
        first = max(0, len(self.seconds) - 3)
        return math.log(self.seconds[-1] / self.seconds[first]) / math.log(self.chars[-1] / self.chars[first])

    @property
    def bad(self) -> bool:
        """Whether it grows too fast, or ends in a crash."""
        return self.exponent > MOST_EXPONENT or bool(self.failure)

    def __str__(self) -> str:
        """As the report lists it."""
        last = f"{self.chars[-1]:,} characters, {self.seconds[-1]:.2f} s"
        return f"{self.mode}: {self.construct}: {self.exponent:.2f} ({last}) {self.failure}".rstrip()

    @property
    def seconds_per_mb(self) -> float:
        """At the longest text, by characters."""
        return self.seconds[-1] / self.chars[-1] * 1e6


def measure(construct: tuple[str, str, str], mode: str, most_chars: int) -> Growth:
    """Double a construct through a mode until it has `most_chars` characters or takes seconds."""
    name, repeated, before = construct
    chars: list[int] = []
    seconds: list[float] = []
    failure = ""
    length = _FIRST_CHARS
    while length <= most_chars and (not seconds or seconds[-1] < _MOST_SECONDS):
        skill = parse_skill(text_of(repeated, before, length))
        run = (
            partial(_load_plan, plan_text(distill(skill, DistillOptions(threshold=0.6))))
            if mode == "plan"
            else MODES[mode]
        )
        taken = []
        for _ in range(2 if length >= most_chars // 2 else 1):
            forget_texts()
            start = time.process_time()
            try:
                run(skill)
            except SkillDistillerError:
                pass  # what can't be made smaller may be said so
            except Exception as error:  # noqa: BLE001 - a crash is what is looked for
                failure = f"{type(error).__name__}: {error}"[:80]
            taken.append(time.process_time() - start)
        chars.append(len(skill.text))
        seconds.append(min(taken))
        length *= 2
    return Growth(name, mode, tuple(chars), tuple(seconds), failure)


def report(found: Sequence[Growth]) -> str:
    """The modes with their worst, then every construct that grows too fast or ends in a crash."""
    rows = []
    for mode in dict.fromkeys(growth.mode for growth in found):
        own = [growth for growth in found if growth.mode == mode]
        worst = max(own, key=lambda growth: growth.exponent)
        slowest = max(own, key=lambda growth: growth.seconds_per_mb)
        rows.append(
            [
                mode,
                str(len(own)),
                str(sum(growth.exponent > MOST_EXPONENT for growth in own)),
                f"{worst.exponent:.2f} {worst.construct}",
                f"{slowest.seconds_per_mb:.1f} s {slowest.construct}",
                str(sum(bool(growth.failure) for growth in own)),
            ]
        )
    heads = ["mode", "constructs", f"above {MOST_EXPONENT}", "worst exponent", "slowest, per MB", "crashes"]
    lines = [f"- {growth}" for growth in sorted(found, key=lambda growth: -growth.exponent) if growth.bad]
    return "\n".join(["## Hostile constructs", "", table(heads, rows), "", *lines])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m lab.hostile", description=__doc__)
    parser.add_argument("--modes", nargs="+", choices=[*MODES, "plan"], default=[*MODES, "plan"])
    parser.add_argument("--most-chars", type=int, default=64_000)
    parser.add_argument("--every", type=int, default=4, help="take one construct of so many")
    parser.add_argument("--only", default="", help="constructs whose name holds this")
    options = parser.parse_args(arguments)
    chosen = [item for item in constructs(1 if options.only else options.every) if options.only in item[0]]
    found = []
    for mode in options.modes:
        for item in chosen:
            found.append(measure(item, mode, options.most_chars))
            if found[-1].bad:
                print(found[-1], file=sys.stderr, flush=True)
    print(report(found))


if __name__ == "__main__":
    main()
