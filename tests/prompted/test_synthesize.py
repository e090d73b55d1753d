"""Summary examples: asked for where choosing among the examples would not do, and only taken with their facts."""

from __future__ import annotations

import pytest
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.prompted.skill import numbered as texts

from skill_distiller.analysis.reading import Analysis, Reading
from skill_distiller.prompted.short_texts import PromptedSynthesizer
from skill_distiller.providers.scripted import Line, ScriptedProvider
from skill_distiller.providers.session import Session
from skill_distiller.rewriting.example_bundles import extractive_bundles
from skill_distiller.rewriting.example_sets import find_sets
from skill_distiller.rewriting.model import Bundle, Proposals, RenderingKind
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, load_counter

TEXT = """# Ask the store

## Steps

1. Run `store query`.

## Examples

### Example 1: red boxes

```yaml
color: red
kind: box
since: 7d
sort: age
limit: 20
output: table
owner: museum
fields: name
```

### Example 2: crates in a hall

```yaml
hall: 4
form: crate
until: 30d
rank: weight
most: 50
write: json
holder: any
columns: place
```
"""
GOOD = (
    "When red boxes → color red, kind box, since 7d, sort age, limit 20, owner museum, fields name → table\n"
    "When crates in hall 4 → crate, until 30d, rank weight, most 50, holder any, columns place → json"
)
LOSSY = "When red boxes → `color: red` → `output: table`"


def analyze(text: str = TEXT) -> Analysis:
    """An analysis by the rules."""
    return RulesAnalyzer().analyze(parse_skill(text))


def offer(*script: Line, text: str = TEXT) -> tuple[Proposals, ScriptedProvider]:
    """What a script of replies makes of a skill, and the provider with the requests it saw."""
    provider = ScriptedProvider(script)
    return PromptedSynthesizer(Session(provider)).propose(Reading(analyze(text)), load_counter()), provider


def test_the_set_is_one_that_no_choice_shows() -> None:
    """Else the embedded renderer has it."""
    (examples,) = find_sets(Reading(analyze()))
    assert not any(extractive_bundles(Reading(analyze()), examples))


def test_lines_with_every_fact_are_offered() -> None:
    """One request with both examples; a bundle of one-liners that costs less."""
    offers, provider = offer(texts(GOOD))
    (bundle,) = offers.bundles
    assert bundle.kind is RenderingKind.ONE_LINERS
    assert all(f"- {line}\n" in bundle.texts[-1] for line in GOOD.splitlines())
    (request,) = provider.requests
    data = request.prompt.partition(f"{request.boundary} begin")[2]
    assert "block 0 | 2 examples | Ask the store > Examples" in data
    assert "color: red" in data
    assert "columns: place" in data


def test_lines_that_lose_facts_are_asked_for_once_more() -> None:
    """Then refused, and counted; the second time they may be good."""
    offers, provider = offer(texts(LOSSY), texts(GOOD))
    assert (len(offers.bundles), offers.refused) == (1, 0)
    assert "were refused" in provider.requests[1].prompt
    offers, provider = offer(texts(LOSSY), texts(LOSSY))
    assert (offers.bundles, offers.refused, len(provider.requests)) == ((), 1, 2)


@pytest.mark.parametrize("line", ["", "no", '{"texts": []}', texts("")])
def test_no_usable_reply_offers_nothing(line: str) -> None:
    """The examples stay in full."""
    offers, _ = offer(line, line)
    assert offers == Proposals()


def test_a_skill_without_such_a_set_is_not_asked_about() -> None:
    """No examples, no call."""
    offers, provider = offer(text="# A\n\nRun `make`.\n")
    assert (offers, provider.requests) == (Proposals(), [])


class _Told:
    """A renderer that says all blocks together."""

    def propose(self, reading: Reading, counter: TokenCounter) -> Proposals:
        """One bundle of them all."""
        blocks = tuple(block.index for block in reading.skill.blocks)
        return Proposals(
            bundles=(Bundle(RenderingKind.MERGED, blocks, ("All.\n", *("" for _ in blocks[1:])), (), 1.0),)
        )


def test_a_set_that_is_said_with_other_blocks_is_not_asked_about() -> None:
    """No call: what it would say can't be chosen any more."""
    provider = ScriptedProvider([texts(GOOD)])
    offers = PromptedSynthesizer(Session(provider), _Told()).propose(Reading(analyze()), load_counter())
    assert (offers, provider.requests) == (Proposals(), [])
