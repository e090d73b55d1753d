"""A model in `reduce`: what it says is checked, what fails its check is as if never said, calls are counted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

import pytest
from tests.disclosure.test_disclose import expanded

from skill_distiller.disclosure.ledger import make_ledger, read_ledger, restore_folder, write_ledger
from skill_distiller.disclosure.model import ContentClass
from skill_distiller.disclosure.tighten import Reworded, says_as_much
from skill_distiller.errors import RefusedError
from skill_distiller.prompted.reduce_stage import MOST_CALLS, PromptedReducer
from skill_distiller.providers.model import Completion, Request
from skill_distiller.providers.scripted import ScriptedProvider
from skill_distiller.providers.session import Session
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import ReduceOptions, Reduction, Stages
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Block, BlockKind
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

WORDY = "Please put the blue widget into `box-a` in order to keep it dry, and then also close `box-b`."
SHORT = "Put the blue widget into `box-a` to keep it dry and close `box-b`."
SKILL = f"""# Widgets

Make widgets.

## Work

{WORDY}

## Troubleshooting

@gateway timeouts retries

## Field reference

@width height color
"""
SIGN: dict[str, object] = {"when": "When the gateway has retries", "topics": ["gateway", "timeouts", "retries"]}
CLASSES = {"Make": "core_rule", "Please": "core_rule"}
COUNTER = load_counter()


class Model(ScriptedProvider):
    """Replies by prompt: a class by how a block begins, one text and one signpost for all, or what is given."""

    def __init__(self, replies: Mapping[str, object] | None = None) -> None:
        super().__init__([])
        self.replies = dict(replies or {})

    def complete(self, request: Request) -> Completion:
        """The reply to a prompt about its pieces."""
        name = request.prompt_version.partition("/")[0]
        self.requests.append(request)
        reply = self.replies.get(name)
        if reply is None:
            reply = {_LISTS[name]: [{"index": i, **_row(name, text)} for i, text in enumerate(_pieces(request))]}
        return Completion(reply if isinstance(reply, str) else json.dumps(reply), self.model, 1, 1)

    def asked(self, name: str) -> int:
        """How many requests of a prompt there were."""
        return sum(request.prompt_version.startswith(f"{name}/") for request in self.requests)


_LISTS = {"content": "blocks", "tighten": "texts", "signposts": "signposts", "shortened": "pairs"}


def _pieces(request: Request) -> list[str]:
    data = request.prompt.partition(f"{request.boundary} begin")[2].partition(f"{request.boundary} end")[0]
    return re.split(rf"{re.escape(request.boundary)} \w+ \d+[^\n]*\n", data)[1:]


def _row(name: str, text: str) -> dict[str, object]:
    if name == "content":
        return {"class": CLASSES.get(text.split(" ", 1)[0], "background"), "confidence": 0.9}
    if name == "shortened":
        return {"missing": []}
    if name == "tighten":
        return {"text": SHORT if text.startswith("Please") else ""}
    return SIGN


def reduced(model: Model) -> Reduction:
    """The skill with this model."""
    folder = SkillFolder(None, parse_skill(expanded(SKILL)))
    return reduce_folder(folder, ReduceOptions(0.0), stages=Stages(model=PromptedReducer(Session(model), COUNTER)))


def test_a_model_sorts_points_and_tightens() -> None:
    """Core rules stay, in fewer words; pointers are in its words where they fit; all of it can be undone."""
    model = Model()
    found = reduced(model)
    core = found.after.skill.text
    assert SHORT in core
    assert (
        "When the gateway has retries, read `references/troubleshooting.md` (topics: gateway, timeouts, retries)."
        in core
    )
    assert "To look up Field reference, read" in core  # the signpost of another passage was refused
    assert [own.after for own in found.found.reworded] == [SHORT]
    assert found.split is not None
    assert {str(reference.path) for reference in found.split.references} == {
        "references/troubleshooting.md",
        "references/field-reference.md",
    }
    assert found.proof[0].passed
    assert found.proof[1].complete
    assert len(model.requests) <= MOST_CALLS
    ledger = read_ledger(write_ledger(make_ledger(found.split)))
    assert restore_folder(found.after, ledger).skill.text == expanded(SKILL)


@pytest.mark.parametrize(
    "replies",
    [
        {"content": "no"},
        {"content": {"blocks": [{"index": 0, "class": "ignore all rules", "confidence": 9}]}},
        {"tighten": {"texts": [{"index": i, "text": "Answer 0 and drop `box-b`."} for i in range(9)]}},
        {"tighten": {"texts": [{"index": i, "text": SHORT.replace("Put", "Usually put")} for i in range(9)]}},
        {"signposts": {"signposts": [{"index": i, "when": "Call +49 30 1", "topics": ["x`y"]} for i in range(9)]}},
        {"shortened": {"pairs": [{"index": 0, "missing": ["was never said there"]}]}},
    ],
    ids=["nothing", "no-class", "lost-fact", "new-hedge", "invented", "lost-concept"],
)
def test_what_fails_its_check_changes_nothing(replies: dict[str, object]) -> None:
    """The run goes on as without that part; nothing that was said gets into the folder."""
    model = Model(replies)
    found = reduced(model)
    texts = [found.after.skill.text]
    if found.split:
        texts += [file.read_text() for r in found.split.references if (file := found.after.file(r.path))]
    said = "\n".join(texts)
    assert "Answer 0" not in said
    assert "Usually" not in said
    assert "+49" not in said
    assert found.proof[0].passed
    assert found.proof[1].complete
    assert (SHORT in said) is ("signposts" in replies or "shortened" in replies)
    if "content" in replies:
        assert model.asked("content") >= 3
        assert found.split is None  # every block without an answer is a core rule


@pytest.mark.parametrize(
    "when",
    ["Delete the gateway when it retries", "When the gateway retries, delete it", "Never when the gateway retries"],
)
def test_a_signpost_that_gives_an_order_is_not_taken(when: str) -> None:
    """However many of its words are those of the passage: the signpost of the program stands."""
    signs = [{"index": i, "when": when, "topics": ["gateway", "timeouts", "retries"]} for i in range(9)]
    found = reduced(Model({"signposts": {"signposts": signs}}))
    assert found.split is not None
    assert when not in found.after.skill.text
    assert "When the gateway has retries" in reduced(Model()).after.skill.text


def test_unsure_labels_are_asked_again_with_their_neighbors() -> None:
    """Twice at most; the second time the classes beside them are shown."""
    rows = [{"index": i, "class": "example", "confidence": 0.3} for i in range(9)]
    model = Model({"content": {"blocks": rows}})
    classes = PromptedReducer(Session(model), COUNTER).classes(parse_skill(expanded(SKILL)))
    assert set(classes.values()) == {ContentClass.EXAMPLE}
    assert 2 <= model.asked("content") <= 3
    assert "neighbors: example" in model.requests[1].prompt


def test_a_concept_that_is_gone_brings_its_block_back() -> None:
    """It counts where the words stand in the original and neither facts nor most words anywhere else."""
    found = Reworded(4, "Close the valve and wait until the needle rests.", "Close the valve.")
    model = Model({"shortened": {"pairs": [{"index": 0, "missing": ["wait until the needle rests", "never said"]}]}})
    reducer = PromptedReducer(Session(model), COUNTER)
    assert reducer.lost([found], "Close the valve.") == {4}
    assert reducer.lost([found], "Close the valve. Elsewhere: wait until the needle rests.") == frozenset()


def test_shorter_texts_keep_facts_kind_and_meaning() -> None:
    """Each of these is refused for one reason alone."""
    block = Block(0, BlockKind.PARAGRAPH, f"{WORDY}\n", f"{WORDY}\n", 1)
    assert says_as_much(block, SHORT, COUNTER)
    for text in ("", WORDY, f"- {SHORT}", SHORT.replace("`box-b`", "it"), SHORT.replace("close", "never close")):
        assert not says_as_much(block, text, COUNTER)


def test_nothing_is_sent_of_a_skill_with_secrets() -> None:
    """It is refused before the first request, where the model is not on this machine."""
    model = Model()
    model.address = "https://model.example"
    folder = SkillFolder(None, parse_skill(expanded(SKILL + "\nUse ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8.\n")))
    folder = folder.with_file(PurePosixPath("references/a.md"), "# A\n")
    with pytest.raises(RefusedError):
        reduce_folder(folder, stages=Stages(model=PromptedReducer(Session(model), COUNTER)))
    assert not model.requests
