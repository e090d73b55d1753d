"""A skill in three lines: what is taken, what is left out, and that it always is three lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.fixture_file import parameters
from tests.strategies import sound_skills, texts

from skill_distiller.analysis.reading import Reading
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.rewriting.one_liner.check import problems
from skill_distiller.rewriting.one_liner.line_text import one_line, plain, sentences, shorter
from skill_distiller.rewriting.one_liner.model import (
    MOST_TOKENS,
    NOT_STATED,
    PREFIXES,
    PURPOSE,
    OneLiner,
    negative_blocks,
)
from skill_distiller.rewriting.one_liner.slots import find_prohibitions, forbid
from skill_distiller.rewriting.one_liner.triggers import condition, quotes
from skill_distiller.rewriting.one_liner.write import one_liner
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, load_counter

_WORD = re.compile(r"[^\W_]+")


def _letters(text: str) -> str:
    """Letters and digits alone: marks may have stood between those of a word."""
    return "".join(c for c in one_line(text) if c.isalnum()).casefold()


def written(text: str) -> OneLiner:
    """The three lines of a skill, by the analyzer that ships."""
    return one_liner(Reading(TrainedAnalyzer().analyze(parse_skill(text))))


def is_one_liner(lines: OneLiner, counter: TokenCounter) -> bool:
    """Whether they are three printable lines with their prefixes, none empty and none too long."""
    parts = lines.text.split("\n")
    return (
        len(parts) == 4
        and parts[3] == ""
        and all(
            part.startswith(prefix) and len(part) > len(prefix) for part, prefix in zip(parts, PREFIXES, strict=False)
        )
        and all(part.isprintable() and counter.count(part) <= MOST_TOKENS for part in parts)
    )


@pytest.mark.parametrize(("text", "expected"), [*parameters("one_liner.md"), *parameters("one_liner_odd.md")])
def test_three_lines(text: str, expected: str) -> None:
    """The lines of small skills, ordinary and odd ones, word for word."""
    assert written(text).text == expected


@given(st.one_of(texts, sound_skills))
@example("")
@example("---\nname: a\ndescription: '" + "very long " * 400 + "'\n---\n" + "x" * 5000)
@example("---\ndescription: 'Use when " + ", ".join(f'"phrase {i}"' for i in range(200)) + "'\n---\n# A\n")
@example("# " + "word " * 1000 + "\n\n- " + "step " * 900 + "\n")
@example("# \u2028\u202e\x1b[31m\n\n1. \x00\n2. \ud7ff\n")
def test_it_always_is_three_lines(text: str) -> None:
    """Whatever the input: three lines with their prefixes, printable, of at most 80 tokens."""
    analysis = RulesAnalyzer().analyze(parse_skill(text))
    lines = one_liner(Reading(analysis))
    assert is_one_liner(lines, load_counter())
    assert all(0 <= share <= 1 for share in lines.shares.values())


@given(st.one_of(texts, sound_skills))
def test_every_word_is_the_skills_own(text: str) -> None:
    """Nothing is invented: each word of the lines stands in the skill."""
    skill = parse_skill(text)
    lines = one_liner(Reading(RulesAnalyzer().analyze(skill)))
    own = _letters(text + str(skill.frontmatter.fields))
    for part in (lines.trigger, lines.action, lines.result):
        said = part.removeprefix(PURPOSE).removeprefix(NOT_STATED)
        words = _WORD.findall(re.sub(r" \(\+\d+\)|; … (?:and )?\d+ [a-z]+\Z", "", said))
        assert all(_letters(word) in own for word in words)


def test_phrases_without_room_are_counted() -> None:
    """As many quoted phrases as have room stay, whole and in order; the others are counted, in the line too."""
    phrases = [f'"please sort the shelf number {i}"' for i in range(30)]
    lines = written(f"---\nname: a\ndescription: Use when the user says {', '.join(phrases)}.\n---\n# A\n")
    kept = [lines.trigger[start:end] for start, end in quotes(lines.trigger)]
    assert kept == phrases[: len(kept)]
    assert len(kept) >= 5
    assert lines.left_out == len(phrases) - len(kept)
    assert lines.trigger.endswith(f" (+{lines.left_out})")


def test_phrases_of_trigger_sections_count_too() -> None:
    """Quoted phrases under a heading that says when come after those of the description."""
    said = '- The user says "tidy b"\n'
    text = f'---\nname: a\ndescription: Use when asked to "sort a".\n---\n# A\n\n## When to use\n\n{said}'
    trigger = written(text).trigger
    assert trigger == 'asked to "sort a" ∨ "tidy b"'


def test_phrases_of_what_it_is_not_for_are_no_triggers() -> None:
    """A phrase that must not activate the skill is not among the alternatives."""
    text = '---\nname: a\ndescription: Use when asked to "sort a". Do not use for "sort b".\n---\n# A\n'
    assert written(text).trigger == 'asked to "sort a"; ¬("sort b")'


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Never commit secrets.", "¬commit secrets"),
        ("Do not run migrations without a backup.", "¬run migrations without a backup"),
        ("You must not push to `main`.", "¬push to `main`"),
        ("Don't push or merge.", "¬(push or merge)"),
        ("NEVER delete files unless asked.", "¬delete files unless asked"),
        ("Never print the key; it is a secret.", "¬print the key"),
        ("禁止提交密钥。", "¬提交密钥"),
        ("Nunca borres archivos.", "¬borres archivos"),
        ("Не удаляйте файлы.", "¬удаляйте файлы"),
        ("Use `git push --force` only if the branch is not shared.", ""),
        ("Do not only read it.", ""),
        ("Don't forget to save.", ""),
        ("Не только читать, но и писать.", ""),
        ("Never do these things here.", ""),
        ("Run the tests.", ""),
        ("Nothing is lost.", ""),
    ],
)
def test_prohibitions(sentence: str, said: str) -> None:
    """¬ stands for the words of a plain prohibition, conditions stay; what is none is left alone."""
    assert forbid(sentence) == said


def test_a_prohibition_under_a_condition_is_left_out() -> None:
    """Where the condition stands in a heading, a lead-in or an earlier sentence, the rule would come out without it."""
    rules = "- Never jump ashore.\n\nIn a lock, when the water falls:\n\n- Do not tie the lines.\n"
    kept = "- On failure stop. Do not try again.\n- Never run ashore.\n"
    text = f"# Boat\n\n## If the wind is offshore\n\n{rules}\n## Rules\n\n{kept}"
    found = find_prohibitions(Reading(TrainedAnalyzer().analyze(parse_skill(text))))
    assert sorted(piece.text for piece in found) == ["", "", "", "¬run ashore"]


def test_negative_blocks() -> None:
    """Blocks below headings or behind lead-ins that say what is wrong."""
    steps = "## Steps\n\nDo not:\n\n- two\n\nDo:\n\n- three\n\n"
    analysis = TrainedAnalyzer().analyze(
        parse_skill(f"# A\n\nGood.\n\n## Anti-patterns\n\nOne.\n\n{steps}## 禁止事項\n\n四\n")
    )
    found = sorted(negative_blocks(Reading(analysis)))
    assert [analysis.skill.blocks[i].text.strip() for i in found] == [
        "One.",
        "- two",
        "四",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("**Read** the [guide](docs/a.md),\n then run `make *`.", "Read the guide, then run `make *`."),
        ("a_b __c__ *d* ~~e~~ 2*3*4", "a_b c d e 2*3*4"),
        ("**Cut here. Then", "Cut here. Then"),
        ("<b>x</b> <name> <!-- note --> y", "x <name> y"),
        ("![alt](a.png) [[wiki|name]] <https://a.example/b>", "alt name https://a.example/b"),
        ("\x1b[31mred\x1b[0m\u202e\u200b\ttab\r\nline", "red tab line"),
        ("`` a`b `` and `**c**`", "`` a`b `` and `**c**`"),
        ("[guide](`docs`), <a `x`>then `run`", "guide, <a `x`>then `run`"),
        ("y" * 3000, ""),
    ],
)
def test_plain(text: str, said: str) -> None:
    """Emphasis, links, tags and what can't be printed go; code spans stay."""
    assert plain(text) == said


@given(st.text(st.characters(exclude_characters="\\`*_~[<&"), max_size=60))
def test_plain_text_reads_as_the_parser_reads_it(text: str) -> None:
    """What holds no mark of Markdown takes a shorter way to the same text."""
    assert plain(f"{text} &amp;") == f"{plain(text)} &".strip()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Run it. Then stop.", ["Run it.", "Then stop."]),
        ("See e.g. Foo. It works, vs. Bar, in v1.2 too.", ["See e.g. Foo.", "It works, vs. Bar, in v1.2 too."]),
        ('Say "Stop. Now." and go! Why? So.', ['Say "Stop. Now." and go!', "Why?", "So."]),
        ("実行する。次に止める。終わり", ["実行する。", "次に止める。", "終わり"]),
        ("Run `a. B` once. Done", ["Run `a. B` once.", "Done"]),
    ],
)
def test_sentences(text: str, parts: list[str]) -> None:
    """Any script; no cut after an abbreviation, inside quotes or code."""
    assert list(sentences(text)) == parts


def test_shorter_forms_keep_conditions() -> None:
    """A part goes only where it holds no condition and no negation."""
    assert list(shorter("Push the tag (not the branch), then wait; ask if unsure.")) == [
        "Push the tag (not the branch), then wait; ask if unsure"
    ]
    assert "Sort the long list of names" in list(shorter("Sort the long list of names, then print it (twice); done."))
    assert list(shorter("AとBを比べ、表を作成し、結果を報告する。")) == ["AとBを比べ、表を作成し、結果を報告する"]


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Use this skill when a build fails.", "a build fails"),
        ("Use when reading logs, writing notes, or checking mail.", "reading logs ∨ writing notes ∨ checking mail"),
        ("Use when reading logs, notes, or mail.", "reading logs, notes, or mail"),
        ('Triggers: "a b", "c d" and "e f".', '"a b" ∨ "c d" ∨ "e f"'),
        (
            "This skill should be used when the user asks 'how far,' or 'how long.'",
            "the user asks 'how far' ∨ 'how long'",
        ),
        ("Applies to BED files.", "BED files"),
        ("Use only when asked.", "Use only when asked"),
        ("当用户说「甲」、「乙」或「丙」时使用。", "当用户说「甲」 ∨ 「乙」 ∨ 「丙」时使用"),
        ("Use quando o usuário pedir.", "quando o usuário pedir"),
    ],
)
def test_conditions(sentence: str, said: str) -> None:
    """Without "Use when", phrases and plain lists joined by ∨."""
    assert condition(sentence) == said


@pytest.mark.corpus
def test_real_skills(corpus_skills: tuple[Skill, ...], counter: TokenCounter) -> None:
    """All skills of the corpus: three lines, their quoted phrases there or counted, few without trigger or action.

    The check of what a model writes has little against them either. It is strict: one part that no single sentence of
    the skill says refuses all three lines.
    """
    analyzer = RulesAnalyzer()
    empty = refused = 0
    for skill in corpus_skills:
        analysis = analyzer.analyze(skill)
        lines = one_liner(Reading(analysis))
        assert is_one_liner(lines, counter), skill.path
        empty += lines.trigger == NOT_STATED or lines.action == NOT_STATED
        refused += any(problems(lines, Reading(analysis), counter))
        source = one_line(skill.text).casefold()
        for start, end in quotes(lines.trigger):
            assert lines.trigger[start + 1 : end - 1].casefold() in source or "''" in source
    assert empty <= 0.2 * len(corpus_skills)
    assert refused <= 0.1 * len(corpus_skills)
