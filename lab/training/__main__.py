"""Train every model that ships in the wheel, and write the model card.

The same data give the same bytes. With --check nothing is written, and the exit code is 1 where a
file of weights would differ.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from lab.common.shared import Shared, shared_at, shared_parser
from lab.training.agreement import measure_agreement
from lab.training.block_data import BlockData, block_data
from lab.training.block_validation import validate_blocks
from lab.training.blocks import train_blocks
from lab.training.common_words import read_word_uses
from lab.training.held_out_exams import sit_exams
from lab.training.labels import Alignment, read_labels
from lab.training.model_card import Findings, model_card
from lab.training.save_weights import save_weights
from lab.training.worth import Examined, Sitting, WorthReport, examine, fit_worth, part_texts, worth_arrays
from lab.training.worth_rivals import compare_models, compare_sizes
from skill_distiller.analysis.features import BLOCK_FEATURES
from skill_distiller.planning.worth import DEFINITION, WorthModel
from skill_distiller.tokens import load_counter
from skill_distiller.weights import FOLDER

CARD: Final = Path(__file__).parents[2] / "docs" / "model-card.md"


class Trained(NamedTuple):
    """The files of weights by name, with the data and the fit that the card speaks of."""

    files: Mapping[str, bytes]
    blocks: BlockData
    alignment: Alignment
    worth: WorthModel
    worth_report: WorthReport
    examined: Examined
    sittings: Sequence[Sitting]


def train(shared: Shared) -> Trained:
    """Fit all models; some minutes."""
    labels = read_labels(shared.root)
    blocks = block_data(labels.skills)
    sittings, uses = sit_exams(shared, blocks), read_word_uses(shared)
    examined = examine(sittings, uses)
    worth, report = fit_worth(sittings, examined, uses, load_counter())
    arrays = {
        "blocks": (BLOCK_FEATURES, train_blocks(blocks).arrays()),
        "worth": (DEFINITION, worth_arrays(worth)),
    }
    files = {}
    for name, (features, members) in arrays.items():
        file = io.BytesIO()
        save_weights(file, features, members)
        files[name] = file.getvalue()
    return Trained(files, blocks, labels.alignment, worth, report, examined, sittings)


def write_card(shared: Shared, trained: Trained) -> None:
    """Validate on what was left out and write the card; some minutes more."""
    texts = [part_texts(sitting) for sitting in trained.sittings]
    findings = Findings(
        trained.alignment,
        measure_agreement(shared.root),
        validate_blocks(trained.blocks),
        trained.worth,
        trained.worth_report,
        compare_sizes(trained.examined, texts),
        compare_models(trained.examined, texts),
        {name: len(data) for name, data in trained.files.items()},
        shared.fingerprint(),
    )
    CARD.write_text(model_card(findings), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; write the weights and the card, or compare."""
    parser = shared_parser(__doc__ or "")
    parser.add_argument("--check", action="store_true", help="write nothing: compare with the weights that are there")
    parser.add_argument("--weights-only", action="store_true", help="leave the model card as it is")
    options = parser.parse_args(arguments)
    shared = shared_at(options.shared)
    trained = train(shared)
    if options.check:
        differing = [name for name, data in trained.files.items() if (FOLDER / f"{name}.npz").read_bytes() != data]
        print("\n".join(f"{name}.npz differs" for name in differing) or "All weights are those of the data.")
        return 1 if differing else 0
    for name, data in trained.files.items():
        (FOLDER / f"{name}.npz").write_bytes(data)
    if not options.weights_only:
        write_card(shared, trained)
    return 0


if __name__ == "__main__":
    sys.exit(main())
