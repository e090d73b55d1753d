"""What is found before a text leaves this machine: many kinds of secrets, and nothing that is none."""

from __future__ import annotations

import random
import re
import string
from pathlib import Path

import pytest

from skill_distiller.providers.secret_scan import find_secrets

FORMS = Path(__file__).resolve().parents[1] / "fixtures" / "secret_forms.txt"
_ALPHABETS = {
    "a": string.ascii_letters + string.digits,
    "m": string.ascii_letters,
    "l": string.ascii_lowercase + string.digits,
    "u": string.ascii_uppercase + string.digits,
    "v": string.ascii_uppercase + "234567",
    "x": "0123456789abcdef",
    "d": string.digits,
    "b": string.ascii_letters + string.digits + "+/",
    "w": string.ascii_letters + string.digits + "_-",
    "q": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
}
_BLANK = re.compile(r"\{([a-z])(\d*)\}")


def _made_up(name: str, form: str) -> str:
    """A secret of a form, the same in every run."""
    chance = random.Random(name)

    def fill(match: re.Match[str]) -> str:
        if match[1] == "g":
            return "-".join("".join(chance.choices(_ALPHABETS["x"], k=k)) for k in (8, 4, 4, 4, 12))
        return "".join(chance.choices(_ALPHABETS[match[1]], k=int(match[2])))

    return _BLANK.sub(fill, form).replace("\\n", "\n")


KINDS = {
    name: _made_up(name, form)
    for line in FORMS.read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for name, form in [line.split(": ", 1)]
}


@pytest.mark.parametrize("name", KINDS)
def test_a_secret_of_every_kind_is_found(name: str) -> None:
    """In a sentence, in a fence and in a list; the line is right."""
    text = f"# Deploy\n\nFirst this:\n\n```bash\n{KINDS[name]}\n```\n"
    assert [secret.line for secret in find_secrets(text)][:1] == [6]
    assert find_secrets(f"- Never share {KINDS[name]}\n")


_TOKEN = _made_up("token", "ghp_{a36}")


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param("\u200b".join(_TOKEN), id="zero-width spaces"),
        pytest.param(f"{_TOKEN[:9]}\u00ad{_TOKEN[9:20]}\ufeff\u2060{_TOKEN[20:]}", id="soft hyphens and joiners"),
        pytest.param(f"{_TOKEN[:9]}&#8203;{_TOKEN[9:30]}&shy;{_TOKEN[30:]}", id="entities"),
        pytest.param("".join(chr(ord(c) + 0xFEE0) for c in _TOKEN), id="wide letters"),
        pytest.param(f"{_TOKEN[:9]}\ufe0f\u034f{_TOKEN[9:]}", id="marks"),
        pytest.param("\U000e0100".join(_TOKEN), id="variation selectors"),
        pytest.param(_TOKEN.replace("_", "\\_"), id="an escape"),
        pytest.param(f"{_TOKEN[:9]}\n{_TOKEN[9:]}", id="a line break"),
        pytest.param(f"    {_TOKEN[:9]}\\\n    {_TOKEN[9:]}", id="a continued line"),
        pytest.param(f"> {_TOKEN[:20]}  \r\n> {_TOKEN[20:]}", id="a hard break in a quotation"),
        pytest.param(f"{_TOKEN[:10]}<br/>\n{_TOKEN[10:20]}\n{_TOKEN[20:30]}\n{_TOKEN[30:]}", id="four lines"),
        pytest.param(f"{_TOKEN[:10]}<wbr>{_TOKEN[10:]}", id="a place to break"),
        pytest.param(f"{_TOKEN[:10]}<!-- -->{_TOKEN[10:]}", id="a comment"),
        pytest.param(f"{_TOKEN[:10]}<b></b>{_TOKEN[10:]}", id="empty tags"),
        pytest.param(f"{_TOKEN[:10]}****{_TOKEN[10:]}", id="emphasis of nothing"),
        pytest.param(f"a<!-- {_TOKEN} -->b", id="inside of a comment"),
        pytest.param("AWS_SECRET_ACCESS_KEY=\\\n  " + _made_up("aws", "{b40}"), id="a name and its value"),
    ],
)
def test_a_secret_does_not_hide(hidden: str) -> None:
    """Neither behind what nobody sees nor behind a break."""
    assert [secret.line for secret in find_secrets(f"Use this:\n\n{hidden}\n\nNow.\n")][:1] == [3]


@pytest.mark.parametrize(
    "text",
    [
        'password: "correct-horse-battery-staple"',
        "The password is written to vault-2024-Path/App-Secret-Name.",
        "mysql -u root -p < dump-2024.sql; mysql -p secret",
        'auth: "basic", auth: true',
        "export API_KEY=your-api-key-here-1234567890",
        "api_key = os.environ['SERVICE_API_KEY_2024']",
        "token: ${{ secrets.GITHUB_TOKEN_FOR_RELEASES_1 }}",
        "Authorization: Bearer <YOUR_TOKEN_GOES_HERE>",
        "postgres://user:password@localhost:5432/app",
        "postgres://${DB_USER}:${DB_PASSWORD_2}@localhost/app",
        "sha256: " + _made_up("digest", "{x64}"),
        "commit " + _made_up("commit", "{x40}"),
        "uses: actions/checkout@" + _made_up("pin", "{x40}"),
        "key: tests/fixtures/very/long/path/to-a-file-2024.json",
        "primary_key=customer_order_line_2024_07",
        "The keyboard shortcut is ctrl+shift+alt+F12 for all",
        "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased-v2')",
        'client = Client(api_key="xxxxxxxxxxxxxxxxxxxxxxxx")',
        "![logo](data:image/png;base64,iVBORw0KGgoAAAANSUhEUg)",
        "Read the API key section, the token limit (200000 tokens) and\nthe secret-scanning-guide-2024 of it.",
    ],
)
def test_what_is_no_secret(text: str) -> None:
    """Placeholders, digests, paths, and words beside a telling name."""
    assert find_secrets(f"# A\n\n{text}\n") == ()


_ODD = ("mysql -p", "cookie: sid=", "a:5432:b:c:", "a<!--", "x**", "a<b ", "password is ", "$6$a$", "EAA", "auth: aaaa")


def test_a_large_text_is_looked_through_in_time() -> None:
    """Telling names without an end and lines without one: what runs away is seen by a run that does not end."""
    for piece in ("key=", "api_key: ", "curl -H ", "curl -u a:", "a\n", "0a", "://a:", "token\n", "basic 0aA", *_ODD):
        assert find_secrets(piece * (100_000 // len(piece))) == ()
