"""Skills made smaller with the help of a language model: what is left, what is lost, what was asked and refused.

`python -m lab.model` runs the six skills of this folder and the three examples with replies that were written by
hand; no server is asked. `--provider NAME [--model NAME]` asks a real model instead, as `compress` does. `--prompts
DIR` writes the prompts that have no reply, `--record DIR` takes the answers that stand beside them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.model.bench import SKILLS, Measured, measure, skill_folders, write_results
from lab.model.prompts import record_answers, write_prompts
from lab.model.recorded import RecordedProvider
from lab.model.replies import read_replies
from lab.model.tables import pairs_report, report
from skill_distiller.errors import ProviderError
from skill_distiller.providers.detect import find_provider, open_provider
from skill_distiller.providers.model import DEFAULT_TIMEOUT, NO_PROVIDER, Provider

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


REPLIES = Path(__file__).resolve().parent / "replies"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    chosen = _parser().parse_args(arguments)
    if chosen.record:
        for done in record_answers(chosen.record, replies_of):
            print(done)
    elif chosen.pairs:
        print(pairs_report())
    else:
        _measure_all(chosen)


def _measure_all(chosen: argparse.Namespace) -> None:
    """Run the bench, print its report, write what was asked for; on stderr what has no reply, and what is stale."""
    results: list[Measured] = []
    waiting = 0
    for folder in (path for path in skill_folders(SKILLS, EXAMPLES) if chosen.only in path.name):
        provider = _provider(chosen, folder)
        try:
            results.append(measure(folder, provider))
        except ProviderError as error:
            sys.stderr.write(f"{folder.name}: {error}\n")
        if isinstance(provider, RecordedProvider):
            waiting += len(provider.unanswered)
            for line in provider.stale:
                sys.stderr.write(f"Nobody asks for this reply any more: {folder.name}: {line}\n")
            if chosen.prompts:
                write_prompts(chosen.prompts, folder.name, provider.unanswered)
    if chosen.results:
        write_results(chosen.results, results)
    if results:
        print(report(results, by_hand=not chosen.provider))
    if waiting:
        sys.stderr.write(f"{waiting} prompts have no reply, or not for every block: --prompts DIR writes them down.\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--provider", default="", help="ask a real model, as compress does (default: recorded replies)")
    parser.add_argument("--model", default="", help="the model of that provider")
    parser.add_argument("--only", default="", help="skills whose name holds this")
    parser.add_argument("--prompts", type=Path, help="write the prompts without a reply into this folder")
    parser.add_argument("--record", type=Path, help="record the answers in this folder, and measure nothing")
    parser.add_argument("--results", type=Path, help="write the results into this folder, to be read")
    parser.add_argument("--pairs", action="store_true", help="only how many pairs of tests/fixtures/model_texts pass")
    return parser


def _provider(chosen: argparse.Namespace, folder: Path) -> Provider:
    """The provider that was asked for, recorded replies for none; one sentence and exit code 4 where it isn't there."""
    if not chosen.provider:
        return RecordedProvider(read_replies(replies_of(folder.name)))
    try:
        found = find_provider(chosen.provider, chosen.model, offline=False)
        if found is None:
            raise ProviderError(NO_PROVIDER)
        return open_provider(found, DEFAULT_TIMEOUT)
    except ProviderError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(error.exit_code) from error


def replies_of(name: str) -> Path:
    """Where the replies for a skill are kept: of the examples beside them, of the others here."""
    folder = EXAMPLES / "replies" if (EXAMPLES / name).is_dir() else REPLIES
    return folder / f"{name}.jsonl"


if __name__ == "__main__":
    main()
