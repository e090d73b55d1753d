"""The pairs that say how strict a reading of a model's texts is: each is a text of its own."""

from __future__ import annotations

from itertools import combinations

import pytest
from tests.fixture_file import read_cases

from skill_distiller.meaning.accounting.account import account, merged_in
from skill_distiller.tokens import count_tokens

_KINDS = ("faithful", "lossy")
_PARTS = ("", "_held_out", "_second", "_third", "_fourth")
_LAST = ("_fifth", "_sixth", "_seventh", "_eighth")
FILES = (
    *(f"model_texts/{kind}{part}.md" for kind in _KINDS for part in _PARTS),
    *(f"model_texts/faithful{part}.md" for part in _LAST),
    "model_texts/lossy_fifth.md",
)


@pytest.mark.parametrize("name", FILES)
def test_each_pair_is_there_once(name: str) -> None:
    """At least 30 a file, no original and no title twice; what is faithful is shorter."""
    cases = read_cases(name)
    assert len(cases) >= 30
    assert len({case.title for case in cases}) == len({case.input for case in cases}) == len(cases)
    longer = [case.title for case in cases if count_tokens(case.expected) > count_tokens(case.input)]
    assert longer == [] or "lossy" in name


def test_what_is_held_out_stands_in_no_other_file() -> None:
    """No pair is in two files."""
    texts = [{case.input for case in read_cases(name)} for name in FILES]
    assert not any(one & other for one, other in combinations(texts, 2))


def _refused(name: str) -> list[str]:
    """The titles of the pairs in which something is found that no judge is asked about."""
    return [c.title for c in read_cases(name) if any(not fault.doubt for fault in account(c.input, c.expected))]


def test_what_keeps_everything_is_mostly_let_in() -> None:
    """Of those that the check was made on; `python -m lab.model --pairs` prints the others too."""
    assert len(_refused("model_texts/faithful.md")) <= 0.04 * len(read_cases("model_texts/faithful.md"))
    assert len(_refused("model_texts/faithful_held_out.md")) <= 0.1 * len(
        read_cases("model_texts/faithful_held_out.md")
    )
    faithful = [name for name in FILES if "faithful" in name]
    assert sum(len(_refused(name)) for name in faithful) <= 0.1 * sum(len(read_cases(name)) for name in faithful)


def test_what_loses_something_is_refused_or_asked_about() -> None:
    """All: what passes unsaid no judge sees."""
    cases = [case for name in FILES if "lossy" in name for case in read_cases(name)]
    assert [case.title for case in cases if not account(case.input, case.expected)] == []


@pytest.mark.parametrize(
    "hedge", ["usually", "typically", "generally", "where appropriate,", "if possible,", "roughly"]
)
def test_a_hedge_that_came_is_refused_without_asking(hedge: str) -> None:
    """What had to be done is no matter of taste; where the original doubts too, a judge is asked."""
    before, after = "Put the file into the drawer before you close it.", "put the file into the drawer before closing."
    assert any(not fault.doubt for fault in account(before, f"{hedge.capitalize()} {after}"))
    assert not any(not fault.doubt for fault in account(f"As a rule, p{before[1:]}", f"Usually {after}"))


def test_what_is_said_in_one_is_merged() -> None:
    """Two sentences that one text says are named with it; what is said alone is not."""
    before = "Do not rename columns. Do not drop columns. Run the tests at the end."
    said = "Do not rename or drop columns."
    assert merged_in(before, f"{said} Run the tests at the end.") == {
        "Do not rename columns.": said,
        "Do not drop columns.": said,
    }


def test_what_turns_a_rule_is_refused_without_asking() -> None:
    """Limits, numbers, denials and exceptions are the program's: more than half of what is lossy is refused at once."""
    refused = _refused("model_texts/lossy.md") + _refused("model_texts/lossy_held_out.md")
    assert len(refused) >= 40


def test_whole_sections_that_keep_everything_are_let_in() -> None:
    """Of those that were refused at the first look each says it another way: "even if", the head of a table."""
    assert _refused("model_texts/faithful_eighth.md") == _refused("model_texts/faithful_seventh.md") == []
    fifth, sixth = (_refused(f"model_texts/faithful_{name}.md") for name in ("fifth", "sixth"))
    assert {"unknown terms", "a gate", "a timeout"}.isdisjoint(fifth)
    assert {"rules for a bot", "chat messages"}.isdisjoint(sixth)


_READ = "Read the manual."
_FIELDS = '```json\n{\n  "name": "Ada",\n  "due": "2026-03-02"\n}\n```\n'


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        (f"{_READ}\n\n## See also\n\n- The book: https://example.org/b\n", _READ, False),
        (f"{_READ}\n\n## Sources\n\n- The book: https://example.org/b\n", _READ, True),
        (f"Save the state:\n\n{_FIELDS}", "Save the state: `name`, `due` (as 2026-03-02).", False),
        (f"Save the state:\n\n{_FIELDS}", "Save the state: `name`.", True),
        (
            "Good:\n\n```\n- F3: The stub is slow.\n```\n\nEnd with it.\n",
            'End with it ("F3: The stub is slow.").',
            False,
        ),
        ("Try again after 10 minutes. Then stop.", "Try again after 10 seconds, then stop.", True),
    ],
)
def test_what_is_said_another_way_is_asked_about(before: str, after: str, *, refused: bool) -> None:
    """Further reading, fields of a record, a quotation of a sample; not other links, fields or units."""
    assert any(not fault.doubt for fault in account(f"{before}\n", f"{after}\n")) is refused
