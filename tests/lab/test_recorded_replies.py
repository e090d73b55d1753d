"""Replies on file: found again by text, given as the prompt wants them, and named where they answer nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab.model.prompts import record_answers, write_prompts
from lab.model.recorded import RecordedProvider
from lab.model.replies import Replies, keys_in, lines_for, read_replies, with_lines, write_replies

from skill_distiller.providers.model import Request

_MARK = "#b"
_TEXTS = ("Run it with care.", "Stop.", "Stop.")


def _request(prompt: str, *texts: str, mark: str = _MARK) -> Request:
    blocks = "\n".join(f"{mark} block {n} | paragraph | A\n{text}" for n, text in enumerate(texts))
    return Request(f"Say it.\n{mark} begin\n{blocks}\n{mark} end\nNow.", boundary=mark, prompt_version=prompt)


def _lines(prompt: str, reply: dict[str, object]) -> Replies:
    request = _request(prompt, *_TEXTS)
    return Replies("by hand", tuple(lines_for(prompt, keys_in(request.prompt, _MARK), "d", reply)))


def _answer(provider: RecordedProvider, request: Request) -> dict[str, object]:
    answer: dict[str, object] = json.loads(provider.complete(request).text)
    return answer


def test_equal_blocks_have_names_of_their_own() -> None:
    """The second of two equal texts is called so."""
    keys = keys_in(_request("rewrite/3", *_TEXTS).prompt, _MARK)
    assert len(set(keys.values())) == len(_TEXTS)
    assert keys[2] == f"{keys[1]}~2"


def test_a_text_is_found_again_under_other_numbers() -> None:
    """Blocks are named by what they say, so a block before them moves their numbers only."""
    replies = _lines("rewrite/3", {"texts": [{"blocks": [0, 2], "text": "Run, stop."}]})
    provider = RecordedProvider(replies)
    answer = _answer(provider, _request("rewrite/3", "New.", *_TEXTS, mark="#c"))
    assert answer == {"texts": [{"blocks": [1, 3], "text": "Run, stop."}]}
    assert len(provider.unanswered) == 1  # of the new block nobody has said anything
    assert provider.stale == ()


def test_what_was_looked_at_and_stays_is_answered() -> None:
    """A block that no text names was not forgotten."""
    replies = _lines("rewrite/3", {"texts": [{"blocks": [0], "text": "Run."}]})
    provider = RecordedProvider(replies)
    _answer(provider, _request("rewrite/3", *_TEXTS))
    assert provider.unanswered == []


def test_a_reply_for_an_edited_block_is_stale() -> None:
    """It is not given, and named."""
    replies = _lines("rewrite/3", {"texts": [{"blocks": [0], "text": "Run."}]})
    provider = RecordedProvider(replies)
    assert _answer(provider, _request("rewrite/3", "Run it with great care.", *_TEXTS[1:])) == {"texts": []}
    assert len(provider.unanswered) == 1
    assert len(provider.stale) == 1
    assert "Run it with care" in provider.stale[0]


def test_a_reply_for_another_version_of_the_prompt_is_stale() -> None:
    """None of it is given."""
    provider = RecordedProvider(_lines("rewrite/3", {"texts": [{"blocks": [0], "text": "Run."}]}))
    assert _answer(provider, _request("rewrite/4", *_TEXTS)) == {"texts": []}
    assert len(provider.stale) == 2


def test_a_reading_names_blocks_by_number_again() -> None:
    """What repeats what, and what is alike, are numbers in a reply and names on file."""
    entry = {"type": "EXAMPLE", "confidence": 0.9, "importance": 0.1, "repeats": -1, "known": False}
    blocks = [{"index": 0, **entry}, {"index": 1, **entry}, {"index": 2, **entry, "repeats": 1}]
    replies = _lines("read/1", {"blocks": blocks, "alike": [[1, 2]]})
    provider = RecordedProvider(replies)
    answer = _answer(provider, _request("read/1", *_TEXTS, mark="#c"))
    assert answer == {"blocks": blocks, "alike": [[1, 2]]}
    assert provider.unanswered == []


def test_any_other_prompt_is_known_by_all_that_it_shows() -> None:
    """A judge has judged one result, and no other."""
    request = _request("judge/2", *_TEXTS)
    provider = RecordedProvider(Replies("by hand", ()))
    assert _answer(provider, request) == {}
    assert provider.unanswered == [request]


def test_answers_on_paper_become_replies(tmp_path: Path) -> None:
    """A prompt that was written down is answered in a file beside it; the next run finds the reply."""
    request = _request("judge/2", *_TEXTS)
    (path,) = write_prompts(tmp_path / "p", "a-skill", [request])
    reply = {"triggers": 100, "missing": []}
    path.with_name(path.name.replace(".prompt.md", ".answer.json")).write_text(json.dumps(reply), encoding="utf-8")
    done = list(record_answers(tmp_path / "p", lambda name: tmp_path / f"{name}.jsonl"))
    assert done == ["a-skill: 1 lines for judge"]
    provider = RecordedProvider(read_replies(tmp_path / "a-skill.jsonl"))
    assert _answer(provider, _request("judge/2", *_TEXTS, mark="#other")) == reply


def test_a_new_answer_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    """For the same blocks, and for all of an older version; what was said of other blocks stays."""
    old = _lines("rewrite/3", {"texts": [{"blocks": [0], "text": "Run."}, {"blocks": [1], "text": "Halt."}]})
    keys = keys_in(_request("rewrite/3", *_TEXTS).prompt, _MARK)
    changed = with_lines(old, [{"prompt": "rewrite/3", "blocks": [keys[0]], "text": "Go."}])
    assert [line["text"] for line in changed.lines if "text" in line] == ["Halt.", "Go."]
    newer = with_lines(old, [{"prompt": "rewrite/4", "blocks": [keys[0]], "text": "Go."}])
    assert [line["prompt"] for line in newer.lines] == ["rewrite/4"]
    write_replies(tmp_path / "a.jsonl", newer)
    assert read_replies(tmp_path / "a.jsonl") == newer


def test_an_answer_about_no_block_is_refused() -> None:
    """A number that the prompt does not show."""
    with pytest.raises(KeyError):
        _lines("rewrite/3", {"texts": [{"blocks": [9], "text": "Run."}]})
