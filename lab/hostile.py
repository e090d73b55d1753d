"""Texts that try to take the square of their length in time: `python -m lab.hostile [--only NAME] [--modes …]`.

Every construct goes through every mode short and four times as long; what grew fast is doubled step by step. Time may
grow with the length to the power of 1.3. Then the slowest of each mode go through it with as many bytes as are
accepted, each in a process of its own.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple

from lab.common.command import run_command
from lab.common.tables import table
from lab.common.timing import forget_texts
from skill_distiller.checks.gate import verify
from skill_distiller.cli.graph import make_graph
from skill_distiller.cli.plan_file import parse_plan, plan_text
from skill_distiller.errors import SkillDistillerError
from skill_distiller.language.words import LANGUAGES, UNSPACED, tables
from skill_distiller.planning.plan import Mode
from skill_distiller.run.describe_skill import DescriptionOptions, describe_skill
from skill_distiller.run.distill import distill
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import ReduceOptions
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import DEFAULT_ENCODING, load_counter

MOST_EXPONENT: Final = 1.3
MOST_SECONDS: Final = 10.0  # for the longest text that is accepted
MOST_MB: Final = 500
_ACCEPTED_BYTES: Final = 1_900_000  # of a skill and a little below the limit of --max-bytes
_STEPS: Final = 2  # how often a text is doubled
_SUSPECT: Final = 1.15  # an exponent, by one run of each end, from which on every step is measured
_MOST_SECONDS: Final = 20.0  # of CPU for one text; a run that takes longer is broken off
_LEAST_SECONDS: Final = 0.1  # in less time noise decides
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
    "or": "or", "that": "that", "long word": "word" * 40, "base64": "aGVsbG8gd29ybGQ{n}h" * 8, "formula": "$x_{n}$",
    "block formula": "$$ x = {n} $$", "open formula": "$x", "i.e.": "i.e. word{n}", "abbreviations": "Dr. No. St. a.m.",
    "step reference": "see step {n}", "step heading": "### Step {n}", "bold step": "**Step {n}:** word{n}",
    "lettered": "a) word{n}", "circled": "① word{n}", "keycap": "1️⃣ word{n}", "combining marks": "e\u0301\u0323\u0308",
    "joined emoji": "👩\u200d💻", "variation selector": "a\ufe0f\ufe0f", "numeric entity": "&#x41;",
    "open entity": "&am",
    "attribute": '<a b{n}="c">', "attributes": "a{n}='b' <p", "self-closing": "<br/>", "mdx": '<Tab title="{n}">',
    "closing mdx": "</Tab>", "container": ":::note", "admonition": '!!! note "{n}"', "alert": "> [!WARNING]",
    "footnote text": "[^{n}]: word{n}", "same definition": "[r]: a/b.md", "reference of a label": "[r]",
    "wiki": "[[w{n}]]",
    "heading mark": "[word](#heading-{n})", "heading id": "## Head {n} {{#h{n}}}", "setext": "word{n}\n===",
    "template code": "{{% if a{n} %}}", "shell": "$(cmd{n})", "back-tick fence": "````", "fenced": "```sh\ncmd{n}\n```",
    "indented": "    code{n}", "file": "`scripts/run{n}.py`", "bare file": "run{n}.py", "symbol": "`call_{n}()`",
    "assignment": "x{n} = call_{n}(x)", "curly quotation": "“word {n}”", "open curly": "“word", "guillemets": "«word»",
    "hyphens": "a-b-c-", "slashes": "a/b/", "escaped pipe": "\\| word", "table row": "| a | b{n} |",
    "table rule": "|---|",
    "hard break": "word\\", "date": "2026-01-{n}", "time": "10:{n}", "money": "${n}", "math signs": "≥ {n}",
    "label list": "**A{n}**, **B{n}**", "example": "Example {n}:", "wrong": "❌ word{n}", "right": "✅ word{n}",
    "input": "Input: word{n}", "output": "Output: word{n}", "table below": "see the table below",
    "else": "Otherwise word{n}.",
    "this": "This word{n}.", "approval": "only with approval of the user{n}", "Turkish I": "İ", "directions": "\u202e",
    "tasks": "- [x] word{n}", "arrow chain": "→", "plus": "+", "stars": "*", "underscore": "_", "carets": "^",
    "exclamation": "!", "at file": "@file{n}.md", "shebang": "!`cmd{n}`", "argument": "$1 $ARGUMENTS",
}  # fmt: skip
# How it is repeated.
ARRANGEMENTS: Final[Mapping[str, tuple[str, str]]] = {
    "in a line": ("{} ", ""),
    "without a space": ("{}", ""),
    "in lines": ("{}\n", ""),
    "in items": ("- {}\n", ""),
    "in steps": ("1. {}\n", ""),
    "in blocks": ("{}\n\n", ""),
    "under headings": ("## Heading {n}\n\n{}\n\n", ""),
    "in a table": ("| {} | b |\n", "| a | b |\n|---|---|\n"),
    "nested": ("> {}\n> ", ""),
    "in a row": (" {} |", "| a | b |\n|---|---|\n|"),
    "in code": ("{}\n", "~~~~~sh\n"),
    "in markup": ("{}\n", "<div>\n"),
    "in a comment": ("{}\n", "<!--\n"),
    "numbered": ("{n}. {}\n\n   more\n\n", ""),
}
PLAN: Final = "plan"  # the mode that applies a plan of threshold mode
_HEAD: Final = "---\nname: hostile\ndescription: Use when a text is hostile.\n---\n\n# A\n\nRun `a` first.\n\n"
_FIELDS: Final = "---\nname: hostile\ndescription: Use when a text is hostile.\n"
# What has no unit that could stand elsewhere: the pattern, and what stands before it in place of the usual beginning.
_SHAPES: Final[Mapping[str, tuple[str, str]]] = {
    "fields": ("key{n}: value\n", _FIELDS),
    "same field": ("key: value\n", _FIELDS),
    "field names without values": ("key{n}\n", _FIELDS),
    "items of a field": ("  - value{n}\n", f"{_FIELDS}key:\n"),
    "flow of a field": ("[", f"{_FIELDS}key: "),
    "lines of the description": ("  Use it for word{n}.\n", "---\nname: hostile\ndescription: >\n"),
    "triggers in the description": ('"word {n}", ', "---\nname: hostile\ndescription: Use when asked to "),
    "anchors of a field": ("a{n}: &a{n} [*a, *a]\n", _FIELDS),
    "rising indent": ("{blanks}- word{n}\n", _HEAD),
    "rising indent of steps": ("{blanks}1. word{n}\n", _HEAD),
    "equal fences": ("```markdown\n```bash\ncmd{n}\n```\n```\n\n", _HEAD),
    "longer fences": ("{ticks}\nword\n\n", _HEAD),
    "wide and long table": ("| a{n} | b | c | d | e | f |\n", f"{_HEAD}|a|b|c|d|e|f|\n|-|-|-|-|-|-|\n"),
    "headings alone": ("## Heading {n}\n\n", _HEAD),
    "same headings": ("## Heading\n\nRun it.\n\n", _HEAD),
    "deeper headings": ("{hashes} H{n}\n\nword{n}\n\n", _HEAD),
    "steps and pointers": ("## Step {n}\n\nDo as in step {n}, then go to step 1.\n\n", _HEAD),
    "sections and pointers": ("## Part {n}\n\nSee [one](#part-1) and Part {n} above.\n\n", _HEAD),
    "one file everywhere": ("Read `a/b.md` for {n}.\n\n", _HEAD),
    "a file each": ("Read `a/b{n}.md`.\n\n", _HEAD),
    "symbols of code": ("```py\ndef call_{n}(x):\n    return call_1(x)\n```\n\nUse `call_{n}`.\n\n", _HEAD),
    "lead-ins": ("Do this {n}:\n\n- word{n}\n\n", _HEAD),
    "rules apart": ("---\n\nNever word{n}.\n\n", _HEAD),
    "definitions and marks": ("word[^{n}] is.\n\n[^{n}]: word{n}\n\n", _HEAD),
    "tags in tags": ("<a{n}>\n\nword\n\n", _HEAD),
    "pairs of tags": ("<a{n}>\n\nword\n\n</a{n}>\n\n", _HEAD),
    "one tag opened and closed": ("<a>\n\nword\n\n</a>\n\n", _HEAD),
    "good and bad": ("**Good:**\n\n```py\nx = {n}\n```\n\n**Bad:**\n\n```py\ny = {n}\n```\n\n", _HEAD),
    "examples": ("Example {n}: say `word{n}`, get \"yes\".\n\n", f"{_HEAD}## Examples\n\n"),
    "if and else": ("- If word{n}: stop.\n- Otherwise: go.\n\n", _HEAD),
    "tables below": ("See the table below.\n\n| a | b |\n|---|---|\n| 1 | {n} |\n\n", _HEAD),
}  # fmt: skip


class Construct(NamedTuple):
    """What is repeated, `{n}` standing for how often it was, and what stands before."""

    name: str
    repeated: str
    before: str = _HEAD


def _sense_words() -> Mapping[str, str]:
    """The sense words of English by sense, and all of each other language, as units of a sentence that never ends."""
    english = {f"English: {sense}": words.split() for sense, words in tables("en")["senses"].items()}
    others = {f"words of {lang}": " ".join(tables(lang)["senses"].values()).split() for lang in LANGUAGES[1:]}
    joined = {name: ("" if name[-2:] in UNSPACED else " ").join(words) for name, words in (english | others).items()}
    return {name: f"{text} word{{n}}" for name, text in joined.items()}


def constructs(every: int = 9) -> Iterator[Construct]:
    """Every unit arranged in some way, `every` apart; every sense word in a line; and every other shape."""
    ways = tuple(ARRANGEMENTS)
    # Each unit begins with another way, so that whatever `every` is all ways are taken.
    pairs = [(unit, ways[(i + j) % len(ways)]) for i, unit in enumerate(UNITS) for j in range(len(ways))]
    for unit, way in pairs[::every]:
        pattern, before = ARRANGEMENTS[way]
        yield Construct(f"{unit} {way}", pattern.replace("{}", UNITS[unit]), _HEAD + before)
    for unit, text in _sense_words().items():
        yield Construct(f"{unit} in a line", f"{text} ")
    for name, (pattern, before) in _SHAPES.items():
        yield Construct(name, pattern, before)


def text_of(construct: Construct, chars: int) -> str:
    """A skill of about so many characters."""
    parts, length, number = [construct.before], 0, 0
    while length < chars:
        number += 1
        deep = number % 100
        marks = {"blanks": "  " * deep, "ticks": "`" * (deep + 3), "hashes": "#" * (number % 6 + 1)}
        parts.append(construct.repeated.format(n=number, **marks))
        length += len(parts[-1])
    # A frontmatter that was left open ends here.
    end = "" if construct.before.startswith(_HEAD) else "\n---\n\n# A\n\nRun `a` first.\n"
    return f"{''.join(parts)}\n{end}"


def _compress(options: DistillOptions, skill: Skill) -> None:
    distill(skill, options)


def _verify(skill: Skill) -> None:
    verify(skill, parse_skill(skill.text.replace("Run `a` first.", "Run `b` first.")), files=False)


def _reduce(skill: Skill) -> None:
    reduce_folder(SkillFolder(None, skill), ReduceOptions(share=0.3))


def _describe(skill: Skill) -> None:
    describe_skill(skill, (), DescriptionOptions(), load_counter(DEFAULT_ENCODING))


def _load_plan(plan: str, skill: Skill) -> None:
    distill(skill, DistillOptions(plan=parse_plan(plan)))


MODES: Final[Mapping[str, Callable[[Skill], object]]] = {
    "threshold": partial(_compress, DistillOptions(threshold=0.6)),
    "tokens": partial(_compress, DistillOptions(mode=Mode.TOKENS, tokens=400)),
    "oneliner": partial(_compress, DistillOptions(mode=Mode.ONELINER)),
    "verify": _verify,
    "reduce": _reduce,
    "description": _describe,
    "graph": make_graph,
}
_COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "threshold": ("compress", "SKILL.md", "--threshold", "0.6"),
    "tokens": ("compress", "SKILL.md", "--tokens", "400"),
    "oneliner": ("compress", "SKILL.md", "--mode", "oneliner"),
    "verify": ("verify", "SKILL.md", "edited.md"),
    "reduce": ("reduce", "SKILL.md", "--json"),
    "description": ("description", "SKILL.md"),
    "graph": ("graph", "SKILL.md"),
    PLAN: ("compress", "SKILL.md", "--plan", "plan.yaml"),
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
        """To which the length is raised by the last doubling, or by the last two, whichever is less.

        A step, where a text is too long to be remembered, is no growth. 0 where it took too little to tell.
        """
        if len(self.seconds) < 2 or self.seconds[-1] < _LEAST_SECONDS:
            return 0.0
        before = range(max(0, len(self.seconds) - 3), len(self.seconds) - 1)
        return min(
            math.log(self.seconds[-1] / self.seconds[at]) / math.log(self.chars[-1] / self.chars[at]) for at in before
        )

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


class _Late(BaseException):
    """A run took too long; nothing in the tool may catch it."""


def _break_off(_signal: int, _frame: FrameType | None) -> None:
    raise _Late


def measure(construct: Construct, mode: str, most_chars: int) -> Growth:
    """A construct in a mode, with a quarter of `most_chars` and with all; each step between where that looks steep.

    Where that takes too little to tell, with four times as many, and four times more.
    """
    for _ in range(3):
        lengths = [most_chars >> step for step in range(_STEPS, -1, -1)]
        growth = _measure(construct, mode, [lengths[0], lengths[-1]], runs=1)
        if growth.failure or growth.seconds[-1] >= _LEAST_SECONDS:
            break
        most_chars *= 4
    return _measure(construct, mode, lengths, runs=3) if growth.exponent > _SUSPECT and not growth.failure else growth


def _measure(construct: Construct, mode: str, lengths: Sequence[int], runs: int) -> Growth:
    """The best of some runs of each length; of one that takes seconds there is one."""
    chars: list[int] = []
    seconds: list[float] = []
    failure = ""
    signal.signal(signal.SIGPROF, _break_off)
    for length in lengths:
        text = text_of(construct, length)
        taken: list[float] = []
        run = MODES.get(mode)
        while len(taken) < runs and sum(taken) < _MOST_SECONDS / 4 and not failure:
            start = time.process_time()
            try:
                run = run or partial(_load_plan, _plan_of(text))  # made once, and no part of the time
                forget_texts()
                signal.setitimer(signal.ITIMER_PROF, _MOST_SECONDS)
                start = time.process_time()
                run(parse_skill(text))
            except SkillDistillerError:
                pass  # what can't be made smaller may be said so
            except _Late:
                failure = f"takes over {_MOST_SECONDS:.0f} s"
            except Exception as error:  # noqa: BLE001 - a crash is what is looked for
                failure = f"{type(error).__name__}: {error}"[:80]
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            taken.append(time.process_time() - start)
        chars.append(len(text))
        seconds.append(min(taken))
        if failure:
            break
    return Growth(construct.name, mode, tuple(chars), tuple(seconds), failure)


def _plan_of(text: str) -> str:
    return plan_text(distill(parse_skill(text), DistillOptions(threshold=0.6)))


def accepted(construct: Construct, mode: str) -> list[str]:
    """What the whole command takes for a text of as many bytes as are accepted: a row of the report."""
    text = text_of(construct, _ACCEPTED_BYTES)
    text = text.encode()[:_ACCEPTED_BYTES].decode(errors="ignore")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "SKILL.md").write_text(text, encoding="utf-8")
        (Path(folder) / "edited.md").write_text(text.replace("Run `a` first.", "Run `b` first."), encoding="utf-8")
        line = [f"{folder}/{word}" if word.endswith((".md", ".yaml")) else word for word in _COMMANDS[mode]]
        if mode == PLAN:
            saving = ["compress", f"{folder}/SKILL.md", "--threshold", "0.6", "--save-plan", line[-1], "--quiet"]
            run_command(saving, 4 * MOST_SECONDS)
        taken = run_command([*line, "--quiet"] if line[0] == "compress" else line, 4 * MOST_SECONDS)
    late = taken.seconds < 0
    refused = taken.said.partition("\n")[0][:60] if taken.code in (2, 3) else ""
    bad = late or "Traceback" in taken.said or taken.seconds > MOST_SECONDS or taken.megabytes > MOST_MB
    seconds = f"> {4 * MOST_SECONDS:.0f} s" if late else f"{taken.seconds:.1f} s"
    return [mode, construct.name, seconds, f"{taken.megabytes:.0f} MB", "**too much**" if bad else refused]


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
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m lab.hostile", description=__doc__)
    parser.add_argument("--modes", nargs="+", choices=[*MODES, PLAN], default=[*MODES, PLAN])
    parser.add_argument("--most-chars", type=int, default=48_000)
    parser.add_argument("--every", type=int, default=13, help="take one construct of so many")
    parser.add_argument("--only", default="", help="constructs whose name holds this")
    parser.add_argument("--accepted", type=int, default=2, help="so many go through each mode at the limit of bytes")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args(arguments)
    chosen = [item for item in constructs(1 if options.only else options.every) if options.only in item.name]
    tasks = list(product(options.modes, chosen))
    found, rows = [], []
    with ProcessPoolExecutor(options.processes) as pool:
        modes, items = zip(*tasks, strict=True)
        for growth in pool.map(measure, items, modes, [options.most_chars] * len(tasks)):
            found.append(growth)
            if growth.bad:
                print(growth, file=sys.stderr, flush=True)
    for mode in options.modes if options.accepted else ():
        own = [growth for growth in found if growth.mode == mode]
        slowest = sorted(own, key=lambda growth: -growth.seconds_per_mb)[: options.accepted]
        wanted = {growth.construct for growth in slowest}
        rows += [accepted(item, mode) for item in chosen if item.name in wanted]
    print(report(found))
    if rows:
        heads = ["mode", "construct", "seconds", "memory", ""]
        print(f"\n## With {_ACCEPTED_BYTES:,} bytes\n\n{table(heads, rows)}")


if __name__ == "__main__":
    main()
