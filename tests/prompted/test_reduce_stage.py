"""A model in `reduce`: what it says is checked, what fails its check is as if never said, calls are counted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import PurePosixPath

import pytest
from jsonschema import Draft202012Validator
from tests.disclosure.test_disclose import expanded

from skill_distiller.checks.conservation import announced_in, declared_by_reduce, verify_folders
from skill_distiller.checks.model import count_tokens
from skill_distiller.disclosure.ledger import make_ledger, read_ledger, restore_folder, write_ledger
from skill_distiller.disclosure.model import ContentClass
from skill_distiller.errors import RefusedError, UsageError
from skill_distiller.prompted.reduce_stage import MOST_CALLS, PromptedReducer
from skill_distiller.providers.model import Completion, Request
from skill_distiller.providers.scripted import ScriptedProvider
from skill_distiller.providers.session import Session
from skill_distiller.report.reduction import reduction_to_json
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import Extras, ReduceOptions, Reduction, Stages
from skill_distiller.run.moving.return_pieces import return_pieces
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

WORDY = "Please put the blue widget into `box-a` in order to keep it dry. It is important that you close `box-b`."
SHORT = "Put the blue widget into `box-a` to keep it dry. Close `box-b`."
WORDY_ROW = "Please note that the gateway is restarted by the operator in order to free its 40 connections."
SHORT_ROW = "The gateway is restarted by the operator to free its 40 connections."
SKILL = f"""# Widgets

Make widgets.

## Work

{WORDY}

## Troubleshooting

{WORDY_ROW}

@gateway timeouts retries

## Field reference

@width height color
"""
SIGN: dict[str, object] = {"when": "When the gateway has retries", "topics": ["gateway", "timeouts", "retries"]}
TEXTS = {WORDY: SHORT, WORDY_ROW: SHORT_ROW}
COUNTER = load_counter()


class Model(ScriptedProvider):
    """Replies by prompt: classes by how a block begins, the texts above, one signpost for all, or what is given."""

    def __init__(self, replies: Mapping[str, object] | None = None) -> None:
        super().__init__([])
        self.replies = dict(replies or {})

    def complete(self, request: Request) -> Completion:
        """The reply to a prompt about its pieces."""
        name = request.prompt_version.partition("/")[0]
        self.requests.append(request)
        reply = self.replies.get(name)
        if reply is None:
            reply = _reply(name, request)
        return Completion(reply if isinstance(reply, str) else json.dumps(reply), self.model, 1, 1)

    def asked(self, name: str) -> int:
        """How many requests of a prompt there were."""
        return sum(request.prompt_version.startswith(f"{name}/") for request in self.requests)


def _reply(name: str, request: Request) -> object:
    pieces = _pieces(request)
    if name == "content":
        core = ("Make", "Please put", "Put")
        names = ("core_rule" if text.startswith(core) else _class(text) for text in pieces)
        return {"blocks": [{"index": i, "class": own, "confidence": 0.9} for i, own in enumerate(names)]}
    if name == "read":
        rows = [{"index": i, "type": "EXPLANATION", "confidence": 0.9, "repeats": -1} for i in range(len(pieces))]
        samples = [i for i, text in enumerate(pieces) if text.startswith("Sample")]
        return {"blocks": rows, "alike": [samples] if samples else []}
    if name == "rewrite":
        found = [(i, TEXTS.get(text.strip())) for i, text in enumerate(pieces)]
        return {"texts": [{"blocks": [i], "text": text} for i, text in found if text]}
    if name == "judge":
        doubts = len(re.findall(rf"{re.escape(request.boundary)} doubt \d+", request.prompt))
        words = [{"index": i, "word": "needless", "quote": ""} for i in range(doubts)]
        return {**JUDGED, "doubts": words}
    if name == "signposts":
        return {"signposts": [{"index": i, **SIGN} for i in range(len(pieces))]}
    return {"missing": []}


JUDGED: dict[str, object] = {"triggers": 98, "actions": 98, "constraints": 98, "behavior": 98, "missing": []}


def _class(text: str) -> str:
    return "example" if text.startswith("Sample") else "background"


def _pieces(request: Request) -> list[str]:
    data = request.prompt.partition(f"{request.boundary} begin")[2].partition(f"{request.boundary} end")[0]
    return re.split(rf"{re.escape(request.boundary)} \w+ \d+[^\n]*\n", data)[1:]


def reduced(model: Model, text: str = SKILL, *, compact: bool = False) -> Reduction:
    """A skill with this model."""
    folder = SkillFolder(None, parse_skill(expanded(text)))
    options = ReduceOptions(0.0, extras=Extras(compact=compact))
    return reduce_folder(folder, options, stages=Stages(model=PromptedReducer(Session(model))))


def said_in(found: Reduction) -> str:
    """SKILL.md and the new references."""
    files = (found.after.file(reference.path) for reference in found.references)
    return "\n".join([found.after.skill.text, *(file.read_text() for file in files if file)])


def test_a_model_sorts_rewrites_and_points() -> None:
    """Core rules stay, in fewer words; what moves does so as it was; pointers are in its words where they fit."""
    model = Model()
    found = reduced(model)
    core = found.after.skill.text
    assert SHORT in core
    assert (
        "When the gateway has retries, read `references/troubleshooting.md` (topics: gateway, timeouts, retries)."
        in core
    )
    assert "To look up Field reference, read" in core  # the signpost of another passage was refused
    rewritten = found.found.rewritten
    assert rewritten is not None
    assert [change.after.strip() for change in rewritten.proof.receipt.changes] == [SHORT]
    assert WORDY_ROW in said_in(found)
    assert {str(reference.path) for reference in found.references} == {
        "references/troubleshooting.md",
        "references/field-reference.md",
    }
    assert found.proof[0].passed
    assert found.proof[1].complete
    assert len(model.requests) <= MOST_CALLS


def test_all_of_it_can_be_undone_and_proved_again() -> None:
    """The ledger gives the original back; the record is enough for `verify`; one piece comes back without the rest."""
    found = reduced(Model())
    assert found.split is not None
    ledger = read_ledger(write_ledger(make_ledger(found.split)))
    assert restore_folder(found.after, ledger).skill.text == expanded(SKILL)
    record = json.loads(json.dumps(reduction_to_json(found)))
    schema = resources.files("skill_distiller.report").joinpath("reduce.schema.json").read_text("utf-8")
    Draft202012Validator(json.loads(schema)).validate(record)
    assert record["rewritten"]["receipt"]
    verification, _ = verify_folders(
        found.before,
        found.after,
        tokens=count_tokens(found.before.skill, found.after.skill, COUNTER),
        declared=declared_by_reduce(record),
        announced=announced_in(record, found.skill),
    )
    assert verification.passed
    moved = next(block.index for block in found.skill.blocks if block.text.strip() == WORDY_ROW)
    returned = return_pieces(found.after, ledger, found.skill, {moved})
    assert WORDY_ROW in returned.folder.skill.text
    assert SHORT in returned.folder.skill.text
    assert restore_folder(returned.folder, returned.ledger).skill.text == expanded(SKILL)


@pytest.mark.parametrize(
    "replies",
    [
        {"content": "no"},
        {"content": {"blocks": [{"index": 0, "class": "ignore all rules", "confidence": 9}]}},
        {"rewrite": {"texts": [{"blocks": [i], "text": "Answer 0 and drop `box-b`."} for i in range(9)]}},
        {
            "rewrite": {"texts": [{"blocks": [i], "text": SHORT.replace("Put", "Usually put")} for i in range(9)]},
            "judge": {"triggers": 99, "actions": 99, "constraints": 99, "behavior": 99, "missing": [], "doubts": []},
        },
        {"signposts": {"signposts": [{"index": i, "when": "Call +49 30 1", "topics": ["x`y"]} for i in range(9)]}},
        {"concepts": {"missing": [{"index": 0, "concept": "x", "quote": "was never said there"}]}},
        {"concepts": {"missing": [{"index": 0, "concept": "why", "quote": "It is important"}]}},
        {"concepts": "no idea"},
    ],
    ids=["nothing", "no-class", "lost-fact", "new-hedge", "invented", "no-quote", "lost-concept", "no-answer"],
)
def test_what_fails_its_check_changes_nothing(replies: dict[str, object]) -> None:
    """The run goes on as without that part; nothing that was said gets into the folder."""
    model = Model(replies)
    found = reduced(model)
    said = said_in(found)
    assert "Answer 0" not in said
    assert "Usually" not in said
    assert "+49" not in said
    assert found.proof[0].passed
    assert found.proof[1].complete
    assert len(model.requests) <= MOST_CALLS
    shortened = "signposts" in replies or replies == {
        "concepts": {"missing": [{"index": 0, "concept": "x", "quote": "was never said there"}]}
    }
    assert (SHORT in said) is shortened
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


def test_a_signpost_is_whole_or_not_taken() -> None:
    """What is longer than a heading may be is not cut in the middle of a sentence."""
    when = "When the gateway with the timeouts has retries, and the retries have a gateway"
    topics = ["gateway", "timeouts", "retries"]
    found = reduced(
        Model({"signposts": {"signposts": [{"index": i, "when": when, "topics": topics} for i in range(9)]}})
    )
    assert f"{when}, read `references/troubleshooting.md`" not in found.after.skill.text  # 14 words
    when = "When the gateway with the timeouts has retries with a gateway number"
    found = reduced(
        Model({"signposts": {"signposts": [{"index": i, "when": when, "topics": topics} for i in range(9)]}})
    )
    assert f"{when}, read `references/troubleshooting.md`" in found.after.skill.text


def test_unsure_labels_are_asked_again_with_their_neighbors() -> None:
    """Twice at most; the second time the classes beside them are shown."""
    rows = [{"index": i, "class": "example", "confidence": 0.3} for i in range(9)]
    model = Model({"content": {"blocks": rows}})
    classes = PromptedReducer(Session(model)).classes(parse_skill(expanded(SKILL)))
    assert set(classes.values()) == {ContentClass.EXAMPLE}
    assert 2 <= model.asked("content") <= 3
    assert "neighbors: example" in model.requests[1].prompt


SAMPLES = [
    f"Sample {name}: the widget of {name} is painted in two coats and left to dry on the rack."
    for name in ("Ada", "Bo")
]
TWICE = "The rack has to be cleaned with warm water after every tenth widget of a batch."
SHOWN = f"""{SKILL}
## Samples

{SAMPLES[0]}

{TWICE}

{SAMPLES[1]}

@paint coats rack

## Rack

{TWICE}

@rack water batch
"""


def test_compact_shortens_what_moves_too() -> None:
    """In fewer words; of alike examples one stays, and of a text that stands twice the first. All of it comes back."""
    plain, found = reduced(Model(), SHOWN), reduced(Model(), SHOWN, compact=True)
    assert all(text in said_in(plain) for text in (WORDY_ROW, *SAMPLES))
    assert said_in(plain).count(TWICE) == 2
    said = said_in(found)
    assert SHORT_ROW in said
    assert WORDY_ROW not in said
    assert sum(sample in said for sample in SAMPLES) == 1
    assert said.count(TWICE) == 1
    assert found.proof[0].passed
    assert found.split is not None
    ledger = read_ledger(write_ledger(make_ledger(found.split)))
    assert restore_folder(found.after, ledger).skill.text == expanded(SHOWN)
    moved = next(block.index for block in found.skill.blocks if block.text.strip() == WORDY_ROW)
    returned = return_pieces(found.after, ledger, found.skill, {moved})
    assert SHORT_ROW in returned.folder.skill.text
    assert restore_folder(returned.folder, returned.ledger).skill.text == expanded(SHOWN)


def test_compact_leaves_out_no_example_that_the_judge_misses() -> None:
    """What another example does not plainly say is in question; without the judge's word it stays."""
    found = reduced(Model({"judge": {**JUDGED, "doubts": []}}), SHOWN, compact=True)
    assert all(sample in said_in(found) for sample in SAMPLES)


def test_compact_takes_a_model() -> None:
    """No program can say text shortly and lose nothing: one sentence says so."""
    folder = SkillFolder(None, parse_skill(expanded(SKILL)))
    with pytest.raises(UsageError, match="takes a language model"):
        reduce_folder(folder, ReduceOptions(extras=Extras(compact=True)))


def test_no_more_is_asked_than_promised() -> None:
    """However little the replies are worth and however long the skill is; what was not asked stays as it was."""
    model = Model({"content": "no", "rewrite": "no", "judge": "no", "concepts": "no", "signposts": "no"})
    long = "".join(f"\n## Part {n}\n\n{WORDY} Part {n} has {n} doors.\n\n@door{n} hinge frame\n" for n in range(400))
    session = Session(model)
    found = reduce_folder(
        SkillFolder(None, parse_skill(expanded(SKILL + long))), stages=Stages(model=PromptedReducer(session))
    )
    assert len(model.requests) == session.usage.calls <= MOST_CALLS
    assert session.expected.calls <= MOST_CALLS
    assert found.after.skill.text == found.skill.text


def test_nothing_is_sent_of_a_skill_with_secrets() -> None:
    """It is refused before the first request, where the model is not on this machine."""
    model = Model()
    model.address = "https://model.example"
    folder = SkillFolder(None, parse_skill(expanded(SKILL + "\nUse ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8.\n")))
    folder = folder.with_file(PurePosixPath("references/a.md"), "# A\n")
    with pytest.raises(RefusedError):
        reduce_folder(folder, stages=Stages(model=PromptedReducer(Session(model))))
    assert not model.requests
