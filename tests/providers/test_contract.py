"""The same cases for every provider: what a good reply, a bad one and every kind of failure come to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.providers.build import ENVIRONMENT, KINDS, QUICK, SERVED, play
from tests.providers.stub_server import INPUT_TOKENS, KEY, MODEL, OUTPUT_TOKENS, Act, reply_of

from skill_distiller.errors import MalformedReplyError, PromptTooLongError, ProviderError
from skill_distiller.providers.detect import Found, open_provider
from skill_distiller.providers.model import ANY_OBJECT, Finish, Request
from skill_distiller.providers.session import Question, Session

SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "integer"}},
    "required": ["answer"],
    "additionalProperties": False,
}
REQUEST = Request("How many?", "You count.", SCHEMA, reply_tokens=64)
GOOD = '{"answer": 7}'
every_kind = pytest.mark.parametrize("kind", KINDS)
served_kind = pytest.mark.parametrize("kind", SERVED)


def _answer(value: dict[str, object]) -> int:
    if not isinstance(value.get("answer"), int):
        raise MalformedReplyError("It held no answer.")
    return int(str(value["answer"]))


QUESTION = Question(REQUEST, _answer)


@every_kind
def test_a_good_reply(kind: str) -> None:
    """The text, the model and the tokens that the server counted."""
    with play(kind, Act(GOOD)) as played:
        completion = played.provider.complete(REQUEST)
    assert (completion.text, completion.model, completion.finish) == (GOOD, MODEL, Finish.DONE)
    if kind != "scripted":
        assert (completion.input_tokens, completion.output_tokens) == (INPUT_TOKENS, OUTPUT_TOKENS)


@served_kind
@pytest.mark.parametrize(("schema", "form"), [(SCHEMA, "schema"), (ANY_OBJECT, "object"), (None, "text")])
def test_how_json_is_asked_for(kind: str, schema: dict[str, object] | None, form: str) -> None:
    """With the schema, as any object, or not at all; prompt and system text arrive as they were."""
    with play(kind, Act(GOOD)) as played:
        played.provider.complete(Request("How many?", "You count.", schema))
        (seen,) = played.requests
    assert (seen.form, seen.prompt, seen.system) == (form, "How many?", "You count.")


@served_kind
def test_the_key_travels_in_a_header(kind: str) -> None:
    """Each server gets it where its API wants it, and nowhere in the body."""
    with play(kind, Act(GOOD)) as played:
        played.provider.complete(REQUEST)
        (seen,) = played.requests
    headers = {name.lower(): value for name, value in seen.headers.items()}
    expected = {"gemini": ("x-goog-api-key", KEY), "openai": ("authorization", f"Bearer {KEY}")}
    if kind in expected:
        name, value = expected[kind]
        assert headers[name] == value
    assert KEY not in json.dumps(seen.body)


def test_gemini_takes_the_key_it_is_given(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Other variables of the SDK neither change the key nor the service, and no warning speaks of them."""
    monkeypatch.setenv("GOOGLE_API_KEY", "another-key-0123456789")
    monkeypatch.setenv("GEMINI_API_KEY", "another-key-9876543210")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    with play("gemini", Act(GOOD)) as played:
        played.provider.complete(REQUEST)
        (seen,) = played.requests
    assert {name.lower(): value for name, value in seen.headers.items()}["x-goog-api-key"] == KEY
    assert caplog.records == []


def test_a_proxy_in_front_of_a_model_that_takes_no_temperature() -> None:
    """It is asked again without what it refuses, and from then on so at once."""
    refusal = Act(status=400, error="Unsupported value: 'temperature' does not support 0 with this model.")
    with play("openai", refusal, Act(GOOD)) as played:
        session = played.session()
        assert [session.ask(QUESTION) for _ in range(2)] == [7, 7]
        bodies = [seen.body for seen in played.requests]
    assert ["temperature" in body for body in bodies] == [True, False, False]
    assert {"response_format"} <= set(bodies[1])


@every_kind
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GOOD, id="plain"),
        pytest.param(f"Sure! Here it is:\n{GOOD}\nAnything else?", id="prose-around"),
        pytest.param(f"```json\n{GOOD}\n```", id="fenced"),
        pytest.param(f"Of course.\n\n```\n{GOOD}\n```\nDone.", id="fence-in-prose"),
        pytest.param('{"answer": 7', id="cut-off"),
        pytest.param("{'answer': 7,}", id="not-quite-json"),
        pytest.param(f"<think>is it {{8}}?</think>\n{GOOD}", id="thoughts-first"),
    ],
)
def test_json_is_found_in_a_reply(kind: str, text: str) -> None:
    """Around it may stand what will."""
    with play(kind, Act(text)) as played:
        assert played.session().ask(QUESTION) == 7
        assert len(played.seen) == 1


@every_kind
@pytest.mark.parametrize(
    ("act", "reason"),
    [
        pytest.param(Act(""), "empty", id="empty"),
        pytest.param(Act("I would rather not say."), "no JSON", id="prose"),
        pytest.param(Act('{"question": 7}'), "no answer", id="another-object"),
        pytest.param(Act('{"a": ' + "[" * 5000), "nested", id="nested"),
        pytest.param(Act("x" * 500_000), "longer than", id="huge"),
        pytest.param(Act("", finish="refused"), "refused|empty", id="refusal"),
        pytest.param(Act("", finish="cut"), "empty", id="cut-before-the-first-word"),
    ],
)
def test_replies_of_no_use(kind: str, act: Act, reason: str) -> None:
    """Said in words, and not asked for again behind the asker's back."""
    with play(kind, act) as played:
        with pytest.raises(MalformedReplyError, match=reason):
            played.session().ask(QUESTION)
        assert len(played.seen) == 1


@every_kind
def test_a_cut_reply_says_so(kind: str) -> None:
    """The token limit is seen, and what came before it can be used."""
    with play(kind, Act('{"answer": 7, "why": "beca', finish="cut")) as played:
        assert played.provider.complete(REQUEST).finish is Finish.CUT
        assert played.session().ask(QUESTION) == 7


@every_kind
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_tried_once(kind: str, status: int) -> None:
    """No retry can help; the hint names the variable."""
    with play(kind, Act(status=status)) as played:
        with pytest.raises(ProviderError, match="refused the key") as caught:
            played.session().ask(QUESTION)
        assert len(played.seen) == 1
    assert caught.value.exit_code == 4
    assert "Check" in caught.value.hint


@every_kind
def test_a_model_that_is_not_there_is_asked_for_once(kind: str) -> None:
    """404 names the model, and --model as the way out."""
    with play(kind, Act(status=404)) as played:
        with pytest.raises(ProviderError, match=f"no model '{MODEL}'") as caught:
            played.session().ask(QUESTION)
        assert len(played.seen) == 1
    assert "--model" in caught.value.hint


@every_kind
def test_429_waits_as_long_as_it_is_told(kind: str) -> None:
    """Retry-After is heard, and the next try counts."""
    with play(kind, Act(status=429, retry_after="0.3"), Act(GOOD)) as played:
        with pytest.raises(ProviderError) as caught:
            played.provider.complete(REQUEST)
        assert (caught.value.retryable, caught.value.wait) == (True, 0.3)
        session = played.session()
        assert session.ask(QUESTION) == 7


@every_kind
def test_a_wait_of_hours_ends_the_run(kind: str) -> None:
    """Nobody sits in front of a tool that waits for an hour: it says so at once."""
    with play(kind, Act(status=429, retry_after="3600")) as played:
        with pytest.raises(ProviderError):
            played.session().ask(QUESTION)
        assert len(played.seen) == 1


@every_kind
def test_no_money_is_no_reason_to_ask_again(kind: str) -> None:
    """429 for an exhausted account."""
    with play(kind, Act(status=429, error="You exceeded your quota: insufficient_quota")) as played:
        with pytest.raises(ProviderError, match="insufficient_quota"):
            played.session().ask(QUESTION)
        assert len(played.seen) == 1


@every_kind
@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_a_server_error_passes(kind: str, status: int) -> None:
    """One failure, then a good reply: nobody notices but the meter."""
    with play(kind, Act(status=status), Act(GOOD)) as played:
        session = played.session()
        assert session.ask(QUESTION) == 7
        assert session.usage.calls == len(played.seen) == 2


@every_kind
def test_a_server_that_only_fails_is_given_up(kind: str) -> None:
    """Four tries, then an error of exit code 4."""
    with play(kind, Act(status=503)) as played:
        with pytest.raises(ProviderError, match="503"):
            played.session().ask(QUESTION)
        assert len(played.seen) == 4


@every_kind
@pytest.mark.parametrize("where", ["before", "inside"])
def test_a_broken_connection_passes(kind: str, where: str) -> None:
    """A server that hangs up, or resets the connection inside its reply, is asked again."""
    with play(kind, Act(GOOD, hang_up=where), Act(GOOD)) as played:
        assert played.session().ask(QUESTION) == 7
        assert len(played.seen) == 2


@every_kind
def test_a_slow_server_runs_into_the_timeout(kind: str) -> None:
    """The timeout is kept, and the next try may be quicker."""
    with play(kind, Act(GOOD, seconds=600), Act(GOOD), timeout=1.0) as played:
        assert played.session().ask(QUESTION) == 7
        assert len(played.seen) >= 2  # a machine that is busy may need another try


@served_kind
def test_nobody_there(kind: str) -> None:
    """A server that is gone is an error that names its address."""
    provider = open_provider(Found(kind, True, "", MODEL, "http://127.0.0.1:1"), 5.0, ENVIRONMENT)
    with pytest.raises(ProviderError, match=r"at http://127\.0\.0\.1:1 does not answer") as caught:
        Session(provider, patience=QUICK).ask(QUESTION)
    provider.close()
    assert caught.value.retryable


@served_kind
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>hello</html>", b"null", b"[]", b"{}", b'"text"', b"\xff\xfe", b'{"choices": [], "message": 1}'),
        pytest.param(b"[" * 100_000, id="brackets"),
    ],
)
def test_what_is_no_reply_of_the_api(kind: str, body: bytes) -> None:
    """Whatever answers there, it ends in one of our errors and never in a traceback."""
    with play(kind, Act(body=body)) as played, pytest.raises(ProviderError) as caught:
        played.session().ask(QUESTION)
    assert "\n" not in str(caught.value)


@served_kind
@pytest.mark.parametrize("status", [400, 429, 503])
@pytest.mark.parametrize(
    "said",
    [
        b"[" * 100_000,
        b'{"error":' + b"[" * 100_000,
        b'["no"]',
        b"7",
        b'{"error": {"message": ["no"], "code": {}}}',
        b"{}",
    ],
    ids=["brackets", "brackets in an error", "a list", "a number", "an error of another form", "nothing"],
)
def test_errors_of_any_form(kind: str, status: int, said: bytes) -> None:
    """What says why it failed may be anything; the error is one of ours."""
    with play(kind, Act(status=status, body=said)) as played, pytest.raises(ProviderError):
        played.provider.complete(REQUEST)


@served_kind
def test_a_reply_may_come_packed(kind: str) -> None:
    """With gzip, as some servers do whatever is asked for; anything else was not asked for."""
    with play(kind, Act(GOOD, packing="gzip")) as played:
        assert played.session().ask(QUESTION) == 7
    with play(kind, Act(GOOD, packing="br")) as played, pytest.raises(ProviderError, match="packed as 'br'"):
        played.session().ask(QUESTION)


@served_kind
@pytest.mark.parametrize("packing", ["", "gzip"])
def test_a_reply_is_bounded(kind: str, packing: str) -> None:
    """By its size once it is unpacked; it is not asked for again."""
    endless = json.dumps(reply_of(kind, Act(GOOD))).encode() + b" " * 8_000_000
    with play(kind, Act(body=endless, packing=packing)) as played:
        with pytest.raises(ProviderError, match="longer than 4,000,000 bytes") as caught:
            played.session().ask(QUESTION)
        assert len(played.seen) == 1
    assert caught.value.exit_code == 4


@served_kind
def test_the_timeout_is_that_of_the_whole_reply(kind: str) -> None:
    """Not of one read: a server that sends a byte now and then is given up as well."""
    with play(kind, Act(GOOD, drip=0.05), Act(GOOD), timeout=1.0) as played:
        assert played.session().ask(QUESTION) == 7
        assert len(played.seen) >= 2
    late = pytest.raises(ProviderError, match=r"no whole reply within 0\.5 seconds")
    with play(kind, Act(GOOD, drip=0.05), timeout=0.5) as played, late:
        played.provider.complete(REQUEST)


_PARTS = [{"type": "text", "text": '{"answer"'}, {"type": "image"}, {"type": "text", "text": ": 7}"}]


@pytest.mark.parametrize("usage", ["many", None, [], {"prompt_tokens": "9", "completion_tokens": None}])
@pytest.mark.parametrize("content", [GOOD, _PARTS, ['{"answer": 7}']])
def test_a_server_that_is_only_compatible(content: object, usage: object) -> None:
    """Its text may come in parts, and its counts as what they are not."""
    reply = reply_of("openai", Act()) | {"usage": usage}
    reply["choices"][0]["message"]["content"] = content
    with play("openai", Act(body=json.dumps(reply).encode())) as played:
        completion = played.provider.complete(REQUEST)
    assert (completion.text, completion.input_tokens, completion.output_tokens) == (GOOD, 0, 0)


_WHERE = {
    "ollama": (("message",), ("message", "content"), ("prompt_eval_count",), ("done_reason",), ("model",)),
    "gemini": (("candidates",), ("candidates", 0, "content"), ("usageMetadata",), ("modelVersion",)),
    "openai": (("choices",), ("choices", 0), ("choices", 0, "message"), ("choices", 0, "message", "content"),
               ("choices", 0, "finish_reason"), ("usage",), ("model",)),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in _WHERE.items() for path in paths])
@pytest.mark.parametrize("value", [None, 7, "seven", [], {}, [{"text": 7}], 10**5000], ids=lambda v: type(v).__name__)
def test_any_part_of_a_reply_may_be_something_else(kind: str, path: tuple[str | int, ...], value: object) -> None:
    """It is a reply, or one of our errors with the exit code of providers."""
    reply: Any = reply_of(kind, Act(GOOD))
    place = reply
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "@" if isinstance(value, int) and value > 7 else value
    body = json.dumps(reply).replace('"@"', "1" + "0" * 5000).encode()
    with play(kind, Act(body=body)) as played:
        answer = _outcome(played.session())
    assert answer == 7 or (isinstance(answer, ProviderError) and "\n" not in str(answer))


def _outcome(session: Session) -> object:
    try:
        return session.ask(QUESTION)
    except ProviderError as error:
        return error


@served_kind
@pytest.mark.parametrize("status", [400, 422, 500, 501])
def test_json_is_asked_for_in_another_way_where_a_server_fails_at_it(kind: str, status: int) -> None:
    """From the schema to any object to plain text; what was found is remembered for the run."""
    refusing = Act(GOOD, status=status, error="response_format is not supported", forms=("schema", "object"))
    with play(kind, refusing) as played:
        session = played.session()
        assert session.ask(QUESTION) == 7
        forms = [seen.form for seen in played.requests]
        assert [form for i, form in enumerate(forms) if form not in forms[:i]] == ["schema", "object", "text"]
        assert len(forms) <= 5
        assert session.ask(QUESTION) == 7
        assert [seen.form for seen in played.requests][len(forms) :] == ["text"]


def test_a_server_that_takes_a_schema_in_its_own_way() -> None:
    """As llama.cpp's Python server was seen to do: 500 to json_schema, while json_object takes a schema along."""
    said = "1 validation error: 'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be 'json_object'\""
    with play("openai", Act(GOOD, status=500, error=said, forms=("schema",))) as played:
        session = played.session()
        assert [session.ask(QUESTION) for _ in range(2)] == [7, 7]
        formats = [seen.body["response_format"] for seen in played.requests]
    assert [asked["type"] for asked in formats] == ["json_schema", "json_object", "json_object"]
    assert formats[1]["schema"] == formats[2]["schema"] == SCHEMA


@every_kind
def test_a_prompt_that_is_too_long(kind: str) -> None:
    """Not retried, not asked for without its schema: whoever asked can make it shorter."""
    with play(kind, Act(status=400, error="maximum context length is 8192 tokens")) as played:
        with pytest.raises(PromptTooLongError):
            played.session().ask(QUESTION)
        assert len(played.seen) == 1


@every_kind
@pytest.mark.parametrize("status", [401, 404, 418, 429, 500])
def test_keys_are_kept_out_of_errors(kind: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that repeats the key does not get it onto the screen; nor a key of another's shape."""
    monkeypatch.setenv("SOME_API_KEY", KEY)
    said = f"bad key {KEY}, Bearer abcdefgh123, sk-proj-abcdefghijkl at https://user:pw@host/?key=abc"
    with play(kind, Act(status=status, error=said)) as played, pytest.raises(ProviderError) as caught:
        played.session().ask(QUESTION)
    shown = f"{caught.value} {caught.value.hint} {caught.value.__cause__} {caught.value.__context__!s}"
    for secret in (KEY, "abcdefgh123", "sk-proj-abcdefghijkl", "user:pw", "key=abc"):
        assert secret not in str(caught.value)
    assert KEY not in shown or caught.value.__suppress_context__


@pytest.mark.parametrize("read", [3, 2_000_000])
def test_ollama_notices_a_cut_prompt(read: int) -> None:
    """By the number of tokens that the server read: far too few, or as many as the window holds."""
    prompt = Request("word " * 2000, schema=SCHEMA)
    with play("ollama", Act(GOOD, input_tokens=read)) as played, pytest.raises(PromptTooLongError, match="was cut"):
        played.provider.complete(prompt)
    for known in (None, 2100):
        with play("ollama", Act(GOOD, input_tokens=known)) as played:
            assert played.provider.complete(prompt).text == GOOD


def test_ollama_gets_the_window_that_a_prompt_needs() -> None:
    """In steps, never smaller than before, and never more than the model has."""
    with play("ollama", Act(GOOD, input_tokens=None), context_length=20_000) as played:
        for words in (10, 5000, 10):
            played.provider.complete(Request("word " * words, reply_tokens=500))
        windows = [seen.body["options"]["num_ctx"] for seen in played.requests]
        assert [seen.body["options"]["num_predict"] for seen in played.requests] == [500] * 3
        with pytest.raises(PromptTooLongError, match="20,000 tokens at most"):
            played.provider.complete(Request("word " * 20_000))
        assert len(played.seen) == 3
    assert windows == [4096, 8192, 8192]


def test_ollama_is_told_not_to_think_aloud() -> None:
    """Where the model can; to another one the word is not said."""
    with play("ollama", Act(GOOD), capabilities={MODEL: ("completion", "thinking")}) as played:
        played.provider.complete(REQUEST)
        assert played.requests[0].body["think"] is False
    with play("ollama", Act(GOOD)) as played:
        played.provider.complete(REQUEST)
        assert "think" not in played.requests[0].body


@served_kind
def test_a_redirect_is_not_followed(kind: str) -> None:
    """What was meant for one host goes to no other."""
    with play(kind, Act(status=307, error="moved")) as played, pytest.raises(ProviderError):
        played.session().ask(QUESTION)
