"""The providers against real servers with a real model, too small to be wise: protocol, repair and fallbacks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.cli.command import run
from tests.integration.conftest import CANNED, MODEL, Proxy
from tests.prompted.skill import ASKED, TEXT

from skill_distiller.analysis.reading import SectionType
from skill_distiller.errors import PromptTooLongError, ProviderError
from skill_distiller.prompted.read_skill import PromptedAnalyzer
from skill_distiller.providers.detect import Found, open_provider
from skill_distiller.providers.model import ANY_OBJECT, Finish, Provider, Request
from skill_distiller.providers.session import Question, Session
from skill_distiller.skill.parse import parse_skill

pytestmark = pytest.mark.integration

SCHEMA = {
    "type": "object",
    "properties": {"color": {"type": "string", "enum": ["red", "green", "blue"]}},
    "required": ["color"],
    "additionalProperties": False,
}
PROMPT = 'Which color has grass? Answer with JSON like {"color": "red"}.'
BASE = {"openai": "OPENAI_BASE_URL", "gemini": "GOOGLE_GEMINI_BASE_URL"}


@pytest.fixture(params=["openai", "gemini"])
def served(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    """A kind of provider, the base URL of its real server and the key."""
    if request.param == "openai":
        return request.param, request.getfixturevalue("llama"), "none"
    proxy: Proxy = request.getfixturevalue("litellm")
    return request.param, proxy.address, proxy.key


def _open(kind: str, address: str, key: str, model: str = MODEL) -> Provider:
    return open_provider(Found(kind, True, "", model, address), 300, {"GEMINI_API_KEY": key, "OPENAI_API_KEY": key})


@pytest.fixture
def provider(served: tuple[str, str, str]) -> Iterator[Provider]:
    """The provider with its official SDK."""
    opened = _open(*served)
    yield opened
    opened.close()


@pytest.mark.parametrize("kind", ["openai", "gemini"])
def test_a_real_proxy(kind: str, litellm_alone: Proxy) -> None:
    """Both SDKs read what LiteLLM writes in their wire formats: text, end and token counts."""
    opened = _open(kind, litellm_alone.address, litellm_alone.key)
    completion = opened.complete(Request(PROMPT, "You answer with JSON.", SCHEMA))
    opened.close()
    assert (completion.text, completion.finish) == (CANNED, Finish.DONE)
    assert completion.input_tokens > 0
    assert completion.output_tokens > 0


@pytest.mark.parametrize("kind", ["openai", "gemini"])
@pytest.mark.parametrize("wrong", ["key", "model"])
def test_a_real_proxy_that_refuses(kind: str, wrong: str, litellm_alone: Proxy) -> None:
    """A wrong key or model is one of our errors, not retried, and the key is not in it."""
    key = "sk-wrong-0123456789" if wrong == "key" else litellm_alone.key
    opened = _open(kind, litellm_alone.address, key, "no-such-model" if wrong == "model" else MODEL)
    session = Session(opened)
    with pytest.raises(ProviderError) as caught:
        session.ask(Question(Request(PROMPT, schema=SCHEMA), lambda value: value))
    opened.close()
    assert not caught.value.retryable
    assert session.usage.calls <= 3
    assert key not in str(caught.value) + caught.value.hint


def test_a_plain_reply(provider: Provider) -> None:
    """Text, an end, and tokens that the server counted."""
    completion = provider.complete(Request("Say hello.", "You are polite.", reply_tokens=40))
    assert completion.text.strip()
    assert completion.input_tokens > 5
    assert 0 < completion.output_tokens <= 41


def test_a_cut_reply(provider: Provider) -> None:
    """The token limit is kept and told."""
    completion = provider.complete(Request("Tell a very long story about a river.", reply_tokens=6))
    assert completion.finish is Finish.CUT
    assert completion.output_tokens <= 7


def test_a_reply_by_schema_or_by_a_fallback(provider: Provider) -> None:
    """Whatever the server can do of the three ways, the session ends up with an answer or says why."""
    session = Session(provider)
    answer = session.ask(Question(Request(PROMPT, schema=SCHEMA, reply_tokens=60), lambda value: value))
    assert isinstance(answer, dict)
    assert session.usage.calls >= 1
    assert session.usage.output_tokens > 0


def test_any_object(provider: Provider) -> None:
    """JSON mode is understood or refused, never a traceback."""
    try:
        completion = provider.complete(Request(PROMPT, schema=ANY_OBJECT, reply_tokens=60))
    except ProviderError:
        return
    assert completion.text


def test_a_prompt_longer_than_the_window(provider: Provider) -> None:
    """The real wording of a real server is known for what it is."""
    with pytest.raises(PromptTooLongError):
        provider.complete(Request("word " * 6000, reply_tokens=10))


def test_verdicts_for_every_block(provider: Provider) -> None:
    """Each block has the model's label or is counted as unanswered; the types are types."""
    skill = parse_skill(TEXT)
    session = Session(provider)
    try:
        analysis = PromptedAnalyzer(session, RulesAnalyzer()).analyze(skill)
    except ProviderError as error:
        pytest.skip(f"the model answered nothing usable in three tries: {error}")
    embedded = RulesAnalyzer().analyze(skill).verdicts
    unanswered = analysis.model_part.unanswered if analysis.model_part else ()
    assert len(unanswered) < ASKED
    for index in unanswered:
        assert analysis.verdicts[index] == embedded[index]
    assert {verdict.type for verdict in analysis.verdicts} <= set(SectionType)


def test_the_command(served: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole run: a result with its accounting, or exit 4 with nothing on stdout; nothing is paid for twice."""
    kind, address, key = served
    monkeypatch.delenv("SKILL_DISTILLER_PROVIDER")
    monkeypatch.setenv(BASE[kind], address)
    monkeypatch.setenv(f"{kind.upper()}_API_KEY", key)
    options = ("compress", "--provider", kind, "--model", MODEL, "--json", "--threshold=0.5")
    first = run(*options, stdin=TEXT.encode())
    assert first.exit_code in (0, 4), first.stderr
    if first.exit_code == 4:
        assert first.stdout == b""
        assert "no usable answer" in first.stderr
        return
    usage = json.loads(first.stdout)["provider"]
    assert usage["calls"] >= 1
    assert usage["input_tokens"] > 500
    again = json.loads(run(*options, stdin=TEXT.encode()).stdout)
    assert again["provider"]["cached"] >= 1
    assert again["provider"]["calls"] < usage["calls"]
