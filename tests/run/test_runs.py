"""One run, many skills: in threads, in worker processes, and unwatched."""

from __future__ import annotations

import gc
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import pytest
from tests.cli.samples import DEPLOY

from skill_distiller.planning.plan import Mode
from skill_distiller.run.distill import carry_out, distill
from skill_distiller.run.run import DistillOptions, Run
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import ESTIMATE, load_counter

_ROUNDS = 6
_OPTIONS = (
    DistillOptions(threshold=0.9),
    DistillOptions(threshold=0.6),
    DistillOptions(mode=Mode.TOKENS, tokens=160),
    DistillOptions(mode=Mode.ONELINER),
)


def _skills() -> list[str]:
    """Texts that differ in every block, so that nothing read from one is of use for another."""
    return [DEPLOY.replace("deploy", f"deploy{n}").replace("the ", f"the {n}th ") for n in range(4)]


def _texts(run: Run, texts: list[str]) -> list[str]:
    return [carry_out(run, parse_skill(text)).text for text in texts]


@pytest.mark.parametrize("options", _OPTIONS, ids=lambda options: options.mode.value)
def test_threads_do_not_disturb_each_other(options: DistillOptions) -> None:
    """Many runs at once give the same bytes as one after the other."""
    texts = _skills() * _ROUNDS
    one_by_one = [distill(parse_skill(text), options).text for text in texts]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda text: distill(parse_skill(text), options).text, texts))
    assert at_once == one_by_one


def test_one_skill_may_be_in_several_runs_at_once() -> None:
    """What a skill keeps of what was read from it is the same for all of them."""
    text = _skills()[0]
    wanted = [distill(parse_skill(text), options).text for options in _OPTIONS * _ROUNDS]
    skill = parse_skill(text)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda options: distill(skill, options).text, _OPTIONS * _ROUNDS)) == wanted


def test_a_run_goes_to_another_process() -> None:
    """A pickled run does there what it does here."""
    run = Run(_OPTIONS[1])
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        (there,) = pool.map(partial(_texts, run), [_skills()])
    assert there == _texts(run, _skills())


@pytest.mark.parametrize("encoding", ["cl100k_base", ESTIMATE])
def test_a_counter_is_pickled_by_name(encoding: str) -> None:
    """It arrives as the counter of the same encoding."""
    counter = load_counter(encoding)
    arrived = pickle.loads(pickle.dumps(counter))
    assert (arrived.encoding, arrived.exact, arrived.count(DEPLOY)) == (encoding, counter.exact, counter.count(DEPLOY))


def test_the_garbage_collector_is_left_alone() -> None:
    """Library code switches nothing of the process: a watcher sees the collector as it was."""
    seen: list[bool] = []
    distill(parse_skill(DEPLOY), observe=lambda *_: seen.append(gc.isenabled()))
    assert all(seen)
    assert len(seen) > 3


def test_a_result_comes_back_from_another_process() -> None:
    """What a worker made of a skill can be handed on: same text, same evidence."""
    result = distill(parse_skill(DEPLOY))
    arrived = pickle.loads(pickle.dumps(result))
    assert (arrived.text, arrived.tokens, arrived.evidence) == (result.text, result.tokens, result.evidence)
    assert arrived.reading.facts == result.reading.facts
