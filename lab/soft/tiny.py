"""A model small enough for tests: a tokenizer trained on given texts, and a Qwen3 of two layers trained on them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

_VOCABULARY: Final = 512
_WIDTH: Final = 64
_CONTEXT: Final = 96  # tokens of a row that it is trained on
_ROWS: Final = 4  # of a step
_TEMPLATE: Final = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tokenizer(texts: Sequence[str]) -> Any:  # noqa: ANN401 - of an untyped library
    """A byte-level tokenizer with a chat template, whose end token is its padding token too."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        special_tokens=["<|im_end|>", "<|im_start|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    inner.train_from_iterator(texts, trainer)
    found = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        additional_special_tokens=["<|im_start|>"],
    )
    found.chat_template = _TEMPLATE
    return found


def _as_talk(text: str) -> str:
    """Every line as the answer to the one before it: so that the model learns to end."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "".join(
        f"<|im_start|>user\n{said}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n"
        for said, answer in zip(lines[::2], lines[1::2], strict=False)
    )


def make_model(folder: Path, texts: Sequence[str], steps: int = 100, seed: int = 0) -> Path:
    """Write the tokenizer and the model, trained for some steps on the texts, to a folder; the folder."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer = make_tokenizer(texts)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=_WIDTH,
        intermediate_size=2 * _WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=_WIDTH // 4,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    told = "\n".join([*texts, *map(_as_talk, texts)])
    ids = torch.tensor(tokenizer(told, add_special_tokens=False).input_ids)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3ForCausalLM(config).float()
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
        for _ in range(steps):
            starts = torch.randint(0, max(1, len(ids) - _CONTEXT), (_ROWS,)).tolist()
            rows = torch.stack([ids[start : start + _CONTEXT] for start in starts])
            model(input_ids=rows, labels=rows).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def main() -> None:
    """Make the model from the skills that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("texts", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, default=600)
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    print(make_model(options.folder, [path.read_text(encoding="utf-8") for path in options.texts], options.steps))


if __name__ == "__main__":
    main()
