"""Find keys, tokens, passwords and private keys before a text goes to another machine; take keys out of messages.

The detectors are those of detect-secrets for things of a fixed shape, the rules of gitleaks, and those of
`secret_rules.toml` for what both lack.
"""

from __future__ import annotations

import importlib
import math
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import regex

_NAMES: Final = re.compile(r"(?:^|_)(?:API_?KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|ACCESS_KEY)(?:_|$)", re.I)
_LEAST_KEY: Final = 8  # characters; a shorter value is no key, and replacing it would garble texts
GONE: Final = "[redacted]"
# What looks like a key whoever's it is: bearer tokens, `key=…` in a URL, user:password@, well-known prefixes.
_SHAPES: Final = (
    (re.compile(r"\b(bearer\s+)[^\s'\",;]{4,}", re.I), rf"\1{GONE}"),
    (re.compile(r"([?&](?:key|api_key|token|access_token)=)[^\s&'\"]+", re.I), rf"\1{GONE}"),
    (re.compile(r"(//)[^/\s@]{1,200}@"), rf"\1{GONE}@"),
    (re.compile(r"\b(?:sk-|AIza|gh[pousr]_|github_pat_|xox[abp]-)[\w*-]{8,}"), GONE),
)


def environment_secrets() -> tuple[str, ...]:
    """The values of this process's variables that are named like a key, longest first."""
    values = {value.strip() for name, value in os.environ.items() if _NAMES.search(name)}
    return tuple(sorted((value for value in values if len(value) >= _LEAST_KEY), key=len, reverse=True))


def redact(text: str) -> str:
    """The text without the secrets of the environment and without what is shaped like one."""
    for secret in environment_secrets():
        text = text.replace(secret, GONE)
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text


_PLUGINS: Final = (
    "artifactory aws azure_storage_key basic_auth cloudant discord github_token gitlab_token ibm_cloud_iam jwt"
    " mailchimp npm openai private_key pypi_token sendgrid slack square_oauth stripe telegram_token twilio"
)
_WINDOW: Final = 2000  # characters at a time: an expression of a detector may be slow on long lines
_OVERLAP: Final = 300
# What examples write where a password would stand.
_PLACEHOLDER: Final = re.compile(
    r"(?i)\W*(?:my|your|the|db|pg|super)?[-_]?"
    r"(?:pass(?:word|wd)?|pwd|postgres|secret|user|admin|root|token|key|changeme|example|test|guest|x+|\.+|\*+)\W*"
)
_MADE_UP: Final = re.compile(
    r"(?i)your|example|placeholder|changeme|dummy|redacted|x{4}|\.{3}|…|\*{3}|1234567890|abcdef"
)


class Secret(NamedTuple):
    """Something that looks like a secret: its kind, its line counted from 1, and the text itself."""

    kind: str
    line: int
    text: str


def find_secrets(text: str) -> tuple[Secret, ...]:
    """Everything in a text that looks like a secret, in order, one of a kind a line.

    What nobody sees does not hide one: marks without width are taken out, entities and wide letters are read as
    what they stand for, and lines are also read as if they went on without their break, and without the markup
    inside of words.
    """
    found: dict[tuple[str, int], Secret] = {}
    own = environment_secrets()
    text = _visible(text)
    lines = text.split("\n")
    lowered = f"{text}\n{_BREAK.sub('', text)}\n{_APART.sub('', text)}".lower()
    rules = [rule for rule in _rules() if any(keyword in lowered for keyword in rule.keywords)]
    for number, line in enumerate(lines, 1):
        for form in {line: 0, _APART.sub("", line): 0}:
            for kind, value, _, _ in _in_line(form, own, rules):
                found.setdefault((kind, number), Secret(kind, number, value))
    whole = {secret.text for secret in found.values()}
    for number in range(1, len(lines)):
        joined, seam = _joined(lines, number)
        for kind, value, start, end in _in_line(joined, own, rules) if seam else ():
            if start < seam < end and value not in whole:
                found.setdefault((kind, number), Secret(kind, number, value))
    return tuple(sorted(found.values(), key=lambda secret: secret.line))


# Markup that shows nothing between two letters: a comment, a tag, emphasis of nothing.
_APART: Final = re.compile(
    r"(?<=[\w-])(?:<!--[^\n]{0,80}?-->|</?[A-Za-z][^<>\n]{0,80}>|\*{2,6}|~~+|``+|_{4,6}){1,9}(?=[\w+/-])"
)
_BREAKING: Final = re.compile(r"(?i)<w?br ?/?>")
_ESCAPED: Final = re.compile(r"\\(?=[_~-])")
_ENTITY: Final = re.compile(r"&#?\w{1,20};")
# Fillers and joiners that are letters or marks to Unicode, and variation selectors.
_UNSEEN: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)


def _visible(text: str) -> str:
    if "&" in text:
        import html

        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _ESCAPED.sub("", _BREAKING.sub("", text))
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    odd = {c for c in set(text) if not c.isascii() and (c in _UNSEEN or unicodedata.category(c) == "Cf")}
    return text.translate(dict.fromkeys(map(ord, odd))) if odd else text


_BREAK: Final = re.compile(r"\\?\s*\n[ \t>#*|]*")
_LINE_END: Final = re.compile(r"[^\s\\]{1,300}(?=[ \t]*\\?[ \t\r]*\Z)")
_LINE_START: Final = re.compile(r"[ \t>#*|]*([\w.~+/=-]{2,1000})(.?)")
_SHORTEST: Final = 16  # characters of a value that lies over two lines
_BEFORE: Final = 60  # characters in front of it, where its name may stand


def _joined(lines: Sequence[str], number: int) -> tuple[str, int]:
    """The end of a line and the words that follow it without their breaks, with the place of the first; 0 for none."""
    end = _LINE_END.search(lines[number - 1][-_OVERLAP:])
    if end is None:
        return "", 0
    head = lines[number - 1][-_OVERLAP:][: end.end()][-_BEFORE - len(end[0]) :]
    rest = ""
    for line in lines[number : number + 20]:
        start = _LINE_START.match(line)
        if start is None:
            break
        rest += start[1]
        if start[2] or len(rest) > _WINDOW:
            break
    word = end[0] + rest
    telling = len(word) >= _SHORTEST and any(c.isdigit() for c in word) and bool(rest)
    return (head + rest, len(head)) if telling else ("", 0)


def _in_line(line: str, own: Sequence[str], rules: Sequence[_Rule]) -> Iterator[tuple[str, str, int, int]]:
    """What looks like a secret: its kind, the text itself, and where it starts and ends."""
    for value in own:
        if (place := line.find(value)) >= 0:
            yield "value of a variable of this shell", value, place, place + len(value)
    for start in range(0, max(1, len(line)), _WINDOW - _OVERLAP):
        window = line[start : start + _WINDOW]
        if len(window) < _LEAST:
            continue
        lowered = window.lower()
        for rule in rules:
            if any(keyword in lowered for keyword in rule.keywords):
                yield from rule.find(window, start)
        for detector in _detectors():
            for value in detector.analyze_string(window):
                if not _PLACEHOLDER.fullmatch(value) and not value.startswith(("$", "{", "<", "%")):
                    place = start + max(0, window.find(value))
                    yield detector.secret_type, value, place, place + len(value)


_LEAST: Final = 8  # characters of a line that may hold a secret
_SERVICE_TOKEN: Final = r"(?<![A-Za-z0-9])((?:%s)(?=[A-Za-z_.=+/-]*\d)[\w.=+/-]{16,500})"
_SERVICE_ENTROPY: Final = 3.4  # bits a character
_FEW: Final = 2
_LONG_WORD: Final = 16  # characters
_REPLACED: Final = ("generic-api-key", "curl-auth-header", "curl-auth-user")  # by rules of ours that take less time
_LEADING: Final = r"[\w.-]{0,50}?"  # finds nothing more, and takes long


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule of gitleaks: what it finds counts where it has the entropy, in bits, and nothing in `allowed` fits it."""

    kind: str
    source: str
    keywords: tuple[str, ...]
    entropy: float
    group: int
    allowed: tuple[Mapping[str, Any], ...]

    def find(self, window: str, offset: int) -> Iterator[tuple[str, str, int, int]]:
        """As `_in_line`, places shifted by `offset`."""
        for match in _compiled(self.source).finditer(window):
            group = self.group or next((i for i, found in enumerate(match.groups(), 1) if found), 0)
            value = match[group]
            if self.entropy and (_entropy(value) < self.entropy or _is_made_up(value)):
                continue
            if not any(_allows(entry, {"line": window, "match": match[0]}, value) for entry in self.allowed):
                yield self.kind, value, offset + match.start(), offset + match.end(group)


def _allows(entry: Mapping[str, Any], texts: Mapping[str, str], value: str) -> bool:
    target = texts.get(entry.get("regexTarget", ""), value)
    lowered = value.lower()
    return any(_compiled(source).search(target) for source in entry.get("regexes", ())) or any(
        word in lowered for word in entry.get("stopwords", ())
    )


@lru_cache(maxsize=1024)
def _compiled(source: str) -> regex.Pattern[str]:
    import regex  # reads what Go's expressions may say and Python's may not, such as (?i) in the middle

    return regex.compile(source.replace(r"\z", r"\Z").replace(_LEADING, "", 1), regex.VERSION1)


def _is_made_up(value: str) -> bool:
    """Whether a value is a placeholder, or several words and small numbers."""
    parts = re.split(r"[\W_]+", value)
    words = len(parts) > _FEW and all(len(p) <= _LONG_WORD and (p.isalpha() or p.isdigit()) for p in parts)
    return bool(words or _MADE_UP.search(value) or _PLACEHOLDER.fullmatch(value))


def _entropy(value: str) -> float:
    """Of the characters of a value, in bits a character."""
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) if value else 0.0


@lru_cache(maxsize=1)
def _rules() -> tuple[_Rule, ...]:
    import tomllib  # not loaded where nothing is searched
    from importlib.resources import files

    theirs, ours = (
        tomllib.loads((files("skill_distiller.providers") / name).read_text(encoding="utf-8"))
        for name in ("gitleaks.toml", "secret_rules.toml")
    )
    found = [
        _Rule(
            rule["id"],
            rule["regex"],
            tuple(rule["keywords"]),
            rule.get("entropy", 0),
            rule.get("secretGroup", 0),
            # Allowances that hold only in certain files say nothing of skills.
            (theirs["allowlist"], *(entry for entry in rule.get("allowlists", ()) if "paths" not in entry)),
        )
        for rule in (*theirs["rules"], *ours["rules"])
        if "regex" in rule and "path" not in rule and rule["id"] not in _REPLACED
    ]
    for service, prefixes in ours["prefixes"].items():
        source = _SERVICE_TOKEN % "|".join(map(re.escape, prefixes))
        keywords = tuple(prefix.lower() for prefix in prefixes)
        found.append(_Rule(f"{service} token", source, keywords, _SERVICE_ENTROPY, 0, (theirs["allowlist"],)))
    return tuple(found)


@lru_cache(maxsize=1)
def _detectors() -> tuple[Any, ...]:
    import inspect

    base = importlib.import_module("detect_secrets.plugins.base").RegexBasedDetector
    modules = [importlib.import_module(f"detect_secrets.plugins.{name}") for name in _PLUGINS.split()]
    return tuple(
        plugin()
        for module in modules
        for _, plugin in inspect.getmembers(module, inspect.isclass)
        if issubclass(plugin, base) and plugin.__module__ == module.__name__
    )
