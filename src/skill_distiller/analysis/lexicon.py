"""The words that say what a block does, by class: what the trained model counts besides hashed words."""

from __future__ import annotations

from typing import Final

# Lower case. A word may stand in several classes; Chinese, Japanese and Korean by single characters.
LEXICON: Final[dict[str, frozenset[str]]] = {
    name: frozenset(words.split())
    for name, words in {
        "strong": "must never always require required requires mandatory not cannot forbidden critical important ensure"
        " shall stop muss nie immer nicht debe nunca siempre deve sempre asla zorunlu не нельзя никогда всегда"
        " обязательно 必 禁 勿",
        "limit": "only least most minimum maximum max min limit exactly until before without avoid more nur solo apenas"
        " sadece только 只 仅 だ 만",
        "soft": "should could may might can consider prefer recommended optional optionally typically usually"
        " often best tip tips можно 建 推",
        "condition": "if when unless otherwise else fail fails failed error errors missing fallback instead except case"
        " wenn si se eğer если 如 若 场 場",
        "example": "example examples instance such sample eg beispiel ejemplo exemplo örnek например 例 예",
        "see": "see refer reference references doc docs documentation related read load md см 参",
        "why": "because why means allows helps help reason provides enables powerful comprehensive overview designed"
        " supports потому 因",
        "trigger": "trigger triggers asks says wants mentions activate skill user users invoked 触",
        "contrast": "bad wrong good correct incorrect anti pattern mistake mistakes",
        "verb": "run use create check add read write set verify ask find identify review call get apply generate return"
        " start open include keep make do follow define build test update install select choose report list present"
        " analyze search extract save provide show determine validate confirm invoke configure execute collect remove"
        " replace place look",
        "file": "md py json yaml yml sh js ts txt toml http https",
        "stop": "a an the of to in on at by for with and or is are be as that this it its from into than then so such"
        " via your you we they their will can not no if when use",
    }.items()
}
CLASSES: Final = tuple(LEXICON)
