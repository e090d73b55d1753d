"""The words of English that the pruner knows by name: what they join, negate, restrict or merely fill."""

from __future__ import annotations

from typing import Final

from skill_distiller.language.modals import CONTRACTIONS

ARTICLES: Final = frozenset("a an the".split())
PREPOSITIONS: Final = frozenset(
    "of to in on at by for with from into via as about across through over under between within during against per"
    " toward towards among around".split()
)
CONJUNCTIONS: Final = frozenset("and or but nor so yet plus".split())
AUXILIARIES: Final = frozenset("is are be been being was were am has have had do does did will would can could".split())
PRONOUNS: Final = frozenset(
    "it its they their them this that these those you your yours we our us he she his her i my which who what there"
    " here".split()
)
FILLERS: Final = frozenset(
    "very really just simply also actually basically clearly carefully properly appropriate appropriately various"
    " relevant comprehensive effectively efficiently easily quickly overall essential key specific detailed powerful"
    " robust proper additional existing entire following necessary particular significant crucial typically usually"
    " generally often especially particularly fully highly truly etc".split()
)
CONNECTIVES: Final = frozenset(
    "because which so such ensuring making providing allowing enabling since as including like for to while whereas"
    " where that by rather helping thus therefore ensure ensures".split()
)
CLOSED_CLASSES: Final = (ARTICLES, PREPOSITIONS, CONJUNCTIONS, AUXILIARIES, PRONOUNS, FILLERS, CONNECTIVES)

NEGATIONS: Final = CONTRACTIONS | frozenset(
    "no not never none nor neither nothing nobody nowhere without cannot avoid avoids avoiding except excluding"
    " exclude unless only solely instead rather refuse forbid forbidden prohibited skip stop reject lacks lack lacking"
    " fails fail less fewer beyond hardly rarely barely unlike ain't".split()
)
CONDITIONS: Final = frozenset(
    "must should shall may might could would if when whenever unless until till before after once while during else"
    " otherwise whether least most minimum maximum max min exactly always every all any both either each required"
    " require requires mandatory optional optionally but however though although first then next last finally prior"
    " later than per between against over under above below more twice again same different other another new old own"
    " one two three four five six seven eight nine ten second third half double zero immediately default defaults"
    " manually automatically able up down off out into from via vs versus todo warning critical important note caution"
    " ask wait confirm verify yes true false null whose within because few many several some enough just still"
    " already ensure".split()
)
LOCKED: Final = NEGATIONS | CONDITIONS
OPEN_COMPOUNDS: Final = frozenset(  # a hyphenated word that begins or ends with one of these names nothing
    "high well state real end easy ready grade quality world based driven friendly level specific art best cutting"
    " industry long hands deep user production following aware comprehensive fine step".split()
)
ABBREVIATIONS: Final = frozenset("e.g i.e etc vs cf approx incl no fig".split())

# After one of these a form of *to be* is the whole verb, not a link that can be left out.
SUBJECTS: Final = frozenset(
    "there it this that these those which who what where how why when here they you we i he she he and or if as than"
    " so".split()
)
REPORTING: Final = frozenset(  # "ensure that X" says what "ensure X" says
    "ensure ensures ensuring verify verifies check checks confirm confirms say says means mean assume assumes indicate"
    " indicates know so such state states report reports see show shows".split()
)
BINDING: Final = frozenset(  # the word after one of these belongs to it
    "to how what which where why as than very more most less so too be been being become becomes".split()
)
KEPT_LY: Final = frozenset(  # in -ly, but no adverbs that could go: quantities, verbs, nouns, adjectives
    "daily weekly monthly hourly yearly early apply supply reply family assembly only likely unlikely friendly anomaly"
    " multiply rely comply imply fly ally rally tally july italy directly exclusively explicitly manually"
    " automatically immediately partially conditionally optionally locally globally remotely sequentially"
    " separately individually independently externally internally simultaneously atomically recursively"
    " incrementally strictly solely merely nearly roughly approximately previously initially finally currently"
    " firstly secondly lastly rarely hardly barely publicly privately read-only dynamically statically lazily"
    " silently verbatim literally".split()
)

FOREIGN: Final = frozenset(  # frequent words of other languages in Latin script that English does not have
    "de que para com um uma os las los el del por und der die das nicht mit ist ve bir bu için ile da dos na em se não"
    " les des est une dans pour ou ao como".split()
)
ENGLISH: Final = frozenset(
    "the of and to a in is for with that this on or as be are by it from your you if not when use an at any each all"
    " into before what its has have do".split()
)

AMOUNTS: Final = frozenset("few little lot bit couple number own".split())  # "a few" is not "few"
EVALUATING: Final = frozenset(  # adjectives that praise or stress more than they tell things apart
    "various relevant comprehensive overall essential detailed powerful robust proper appropriate necessary particular"
    " significant crucial additional existing entire effective efficient useful helpful valuable meaningful beautiful"
    " elegant thorough careful suitable numerous diverse seamless intuitive innovative sophisticated compelling"
    " engaging polished great excellent outstanding amazing perfect ideal important vital insightful impressive"
    " remarkable fundamental whole".split()
)
TAIL_CLAUSES: Final = frozenset("which so ensuring making providing allowing enabling helping thus".split())
TOOLS: Final = frozenset(  # names that are written small, also where a sentence starts
    "git npm npx pnpm yarn pip pipx uv curl wget docker node deno bash zsh fish sed awk grep jq gh kubectl helm make"
    " cmake cargo rustc gcc clang ffmpeg tmux vim emacs ssh psql sqlite redis nginx python ruby perl java iphone"
    " ripgrep pandoc terraform ansible jest pytest mypy ruff eslint webpack vite tsc".split()
)
