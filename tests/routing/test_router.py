"""The lexical router weighs as scikit-learn does, a tie is lost, and the oracle can say no."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skill_distiller.errors import UsageError
from skill_distiller.routing.generate import unfounded_exclusions
from skill_distiller.routing.lexical import Index, Weights, similarity, stop_words
from skill_distiller.routing.oracle import (
    Candidate,
    Oracle,
    Role,
    candidate_order,
    capability,
    common_skills,
    lexical_router,
    make_pool,
    make_shadow,
)
from skill_distiller.routing.queries import (
    Query,
    QuerySplit,
    Source,
    parse_queries,
    passages_from_body,
    split_own,
    split_queries,
)
from skill_distiller.run.describe_skill import reading_of
from skill_distiller.skill.parse import parse_skill

BREAD = Candidate("bread", "Bakes sourdough bread with a starter. Use for loaves, buns, and crusts.", Role.TARGET)
CAKES = Candidate("cakes", "Bakes layer cakes with cream. Use for birthdays and tarts.")


def test_weights_are_those_of_scikit_learn() -> None:
    """Words and grams of every pair, to nine places."""
    text = pytest.importorskip("sklearn.feature_extraction.text")
    texts = [skill.text for skill in common_skills()] + ["生成 PDF 报告", "a b", "  déjà vu \n déjà ", "x" * 40]
    words = text.TfidfVectorizer(sublinear_tf=True, stop_words=list(stop_words())).fit_transform(texts)
    grams = text.TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(3, 5)).fit_transform(texts)
    expected = (words @ words.T + grams @ grams.T).toarray()
    weights = Weights(tuple(texts))
    pairs = [weights.read(one) for one in texts]
    index = Index(pairs)
    assert np.abs(np.array([index.similarities(pair) for pair in pairs]) - expected).max() < 1e-9
    assert abs(similarity(pairs[0], pairs[7]) - expected[0, 7]) < 1e-9


@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_of_any_texts(one: str, other: str) -> None:
    """Between 0 and 2, the same both ways, whatever the texts are."""
    weights = Weights(("some text", one))
    a, b = weights.read(one), weights.read(other)
    assert -1e-9 <= similarity(a, b) <= 2 + 1e-9
    assert similarity(a, b) == pytest.approx(similarity(b, a))
    assert Index([a]).similarities(b)[0] == pytest.approx(similarity(a, b))


def test_a_tie_is_lost() -> None:
    """Another skill of the same name and description wins, and so does one where nothing is alike."""
    router = lexical_router([BREAD, CAKES])
    assert list(router.margins(BREAD, [BREAD], ["sourdough bread"], 1)) == [0.0]
    assert list(router.margins(BREAD, [CAKES], ["quantum physics"], 1)) == [0.0]


def test_the_oracle_says_no() -> None:
    """To an empty description, to one that lost the words of a query or most of its margin, to a catch-all."""
    router = lexical_router([BREAD, CAKES])
    oracle = Oracle(router, BREAD, [CAKES], 1)
    queries = oracle.routed(["sourdough loaves", "crusts for buns", "birthday tarts"])
    assert queries == ("sourdough loaves", "crusts for buns")
    accepts = oracle.acceptance(queries, oracle.refused(["birthday tarts"]))
    assert accepts(BREAD.description)
    assert accepts("Bakes sourdough. Use for loaves, buns, and crusts.")
    assert not accepts("")
    assert not accepts("Bakes sourdough bread with a starter. Use for loaves.")
    assert not accepts(BREAD.description + " Also birthday tarts, layer cakes with cream.")


def test_what_is_won_in_the_library_is_to_be_won_there() -> None:
    """A description that loses a request to a skill that is not among those most like it is refused."""
    rolls, asked = Candidate("rolls", "Shapes buns."), ("sourdough buns",)
    router = lexical_router([BREAD, CAKES, rolls])
    for library, taken in (((), True), ((rolls,), False)):
        oracle = Oracle(router, BREAD, [CAKES], 1, 0.0, library)
        assert oracle.acceptance(asked, ())("Bakes bread. Use for loaves, buns.") is taken


def test_what_is_known_is_not_asked_again() -> None:
    """The same description and queries are one evaluation; another order is another."""
    oracle = Oracle(lexical_router([BREAD]), BREAD, [CAKES], 1)
    for _ in range(3):
        oracle.margins(BREAD.description, ["loaves", "tarts"])
    assert (oracle.evaluations, oracle.asked, oracle.cached) == (1, 2, 4)
    oracle.margins(BREAD.description, ["loaves", "tarts"], again=1)
    assert oracle.evaluations == 2


def test_the_pool() -> None:
    """The four most alike of a library that is large enough; common skills where it is not; never the target."""
    library = [CAKES, BREAD, *(Candidate(f"s{i}", f"Paints wall number {i}.") for i in range(9))]
    router = lexical_router(library)
    pool = make_pool(BREAD, library, router)
    assert [pool[0].name, len(pool)] == ["cakes", 4]
    assert all(skill.name != "bread" for skill in pool)
    assert {skill.role for skill in make_pool(BREAD, [], router)} == {Role.DISTRACTOR}
    assert len(make_pool(BREAD, [], router)) == 4


def test_the_shadow_lacks_the_two_most_telling_words() -> None:
    """And is none where nothing else is left."""
    router = lexical_router([BREAD, CAKES])
    shadow = make_shadow(BREAD, router.weights)
    assert shadow is not None
    assert shadow.name == ""
    assert len(set(BREAD.description.lower().split()) - set(shadow.description.lower().split())) >= 2
    assert make_shadow(Candidate("a", "Sourdough bread"), router.weights) is None


def test_the_order_of_candidates() -> None:
    """Fixed by seed, query and description; another for another one of them."""
    orders = [candidate_order(1, "q", "d", 6), candidate_order(2, "q", "d", 6), candidate_order(1, "r", "d", 6)]
    assert candidate_order(1, "q", "d", 6) == orders[0] == [*orders[0]]
    assert all(sorted(order) == list(range(6)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3


@pytest.mark.parametrize(
    ("description", "expected"),
    [(BREAD.description, "Bakes sourdough bread with a starter"), ("Use when hungry. Bakes.", "Bakes"), ("", "")],
)
def test_capability(description: str, expected: str) -> None:
    """The first clause that says what, not when."""
    assert capability(description) == expected


@pytest.mark.parametrize(
    "content",
    [
        '["bake a loaf", {"query": "paint", "should_trigger": false}]',
        '{"skill_name": "bread", "evals": [{"prompt": "bake  a loaf"}, {"prompt": "paint", "expected_skill": "x"}]}',
        '[{"question": "bake a loaf", "expected_skill": "bread"}, {"question": "paint", "expected_skill": null}]',
        '"bake a loaf"\n{"query": "paint", "should_trigger": false}\n',
        "- bake a loaf\n- query: paint\n  should_trigger: false\n",
        '{"queries": ["bake a loaf", "bake a loaf", {"query": "paint", "should_trigger": false}]}',
    ],
)
def test_forms_of_query_files(content: str) -> None:
    """All of the usual ones say the same."""
    found = parse_queries(content, "bread", "FILE")
    assert [(query.text, query.positive) for query in found] == [("bake a loaf", True), ("paint", False)]


@pytest.mark.parametrize(
    "content", ["[]", "{}", "[1, null]", "a: &x [b]\nc: *x\n", "{", "[" * 5000, "just a sentence", "\x00"]
)
def test_files_without_queries(content: str) -> None:
    """One error that says what to write."""
    with pytest.raises(UsageError, match="FILE"):
        parse_queries(content, "bread", "FILE")


def test_a_third_is_held_out() -> None:
    """Of each kind; the same third for the same seed; nothing is lost."""
    queries = parse_queries(str([f"q{i}" for i in range(9)]).replace("'", '"'), "bread", "FILE")
    split = split_queries(queries, 7)
    assert (len(split.driving), len(split.held_out)) == (6, 3)
    assert set(split.driving) | set(split.held_out) == set(queries)
    assert split == split_queries(queries, 7)
    assert split_queries(queries[:2], 7) == QuerySplit(queries[:2], ())
    assert {query.source for query in queries} == {Source.FILE}


def test_a_request_that_is_known_to_be_a_neighbors_may_not_be_taken() -> None:
    """What its description says is not all that leads to it: a new description of another may not win that either."""
    tarts = "tarts for a party"
    neighbor = CAKES._replace(description="Makes layer cakes for a party.")
    router = lexical_router([BREAD, neighbor])
    greedy = "Bakes sourdough bread and tarts."
    for requests, accepted in (((), True), ((tarts,), False)):
        oracle = Oracle(router, BREAD, (neighbor._replace(requests=requests),), 1, 0)
        accepts = oracle.acceptance(["sourdough bread"], oracle.refused(()))
        assert accepts(greedy) is accepted
        assert accepts("Bakes sourdough bread.")


SKILL = "---\nname: bread\n---\n\n# Bread\n\nBakes bread. Do not use it for layer cakes.\n\nIt can't help with tarts.\n"


@pytest.mark.parametrize(
    ("text", "astray"),
    [
        ("Bakes bread. Use when loaves are wanted.", 0),
        ("Bakes bread. Not for layer cakes.", 0),
        ("Bakes bread. For invoices use bookkeeping instead.", 0),
        ("Bakes bread. Not for invoices.", 1),
        ("Bakes bread. For invoices use office-work instead.", 1),
        ("Bakes bread. Not for invoices. Do not use for taxes.", 2),
    ],
)
def test_an_exclusion_is_for_a_skill_that_there_is(text: str, astray: int) -> None:
    """Or is what the skill says itself; any other only loses requests."""
    assert len(unfounded_exclusions(text, parse_skill(SKILL), ["bookkeeping", ""])) == astray


def test_leads_are_kept_on_average_and_each_request_is_routed() -> None:
    """What one request loses is made up for by those that lose nothing, but for none that is lost."""
    router = lexical_router([BREAD, CAKES])
    asked = ("sourdough bread with a starter", "loaves and buns", "crusts")
    short = "Bakes sourdough bread. Use for loaves, buns, crusts."
    for kept, accepted in ((0.65, True), (0.99, False)):
        assert Oracle(router, BREAD, [CAKES], 1, kept).acceptance(asked, ())(short) is accepted
    assert not Oracle(router, BREAD, [CAKES], 1, 0.1).acceptance(asked, ())("Bakes sourdough bread. Use for loaves.")


def test_what_only_weighs_may_be_lost() -> None:
    """Where the others keep enough; a query has to route."""
    oracle = Oracle(lexical_router([BREAD, CAKES]), BREAD, [CAKES], 1, 0.5)
    short, lost = "Bakes sourdough bread. Use for loaves.", "crusts"
    kept = ("sourdough bread", "sourdough loaves", "loaves")
    assert oracle.acceptance(kept, (), (*kept, lost))(short)
    assert not oracle.acceptance((*kept, lost), ())(short)
    assert not oracle.acceptance(kept, (), (lost,))(short)


def test_passages_are_sections_without_code_as_long_as_a_request() -> None:
    """Of at most 600 characters; one of a few words says too little."""
    long = "Knead the dough for loaves and buns by hand until it is smooth. " * 20
    skill = parse_skill(f"# Bread\n\nShort.\n\n## Knead\n\n{long}\n\n```sh\nbake --hot\n```\n")
    (passage,) = passages_from_body(reading_of(skill))
    assert passage.source is Source.PASSAGE
    assert passage.text.startswith("Knead Knead the dough")
    assert len(passage.text) == 600
    assert "--hot" not in passage.text


def test_phrases_drive_the_search_where_passages_are_few() -> None:
    """Else they weigh; what the original does not route clearly is left out of both."""
    oracle = Oracle(lexical_router([BREAD, CAKES]), BREAD, [CAKES], 1)
    words = ("sourdough", "loaves", "buns", "crusts")
    phrases = [Query(text, Source.BODY) for text in (*words, "layer cakes")]
    passages = [Query(f"{word} of bread with a starter", Source.PASSAGE) for word in words]
    many, few = split_own(passages, phrases, oracle, 1), split_own(passages[:1], phrases, oracle, 1)
    assert {query.source for query in (*many.driving, *many.held_out)} == {Source.PASSAGE}
    assert [query.text for query in many.weighed] == [*words]
    assert {query.text for query in (*few.driving, *few.held_out)} == {passages[0].text, *words}
    assert few.weighed == ()
