"""An exam sat by a model, and the baselines that sit beside it: those always there, LLMLingua-2, what a model makes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from skill_distiller.errors import MalformedReplyError, PromptTooLongError, ProviderError, UsageError
from skill_distiller.exams.baselines import BASELINES, LINGUA, Baseline, baseline_skill, load_llmlingua, truncate
from skill_distiller.exams.model import CheckType, Criterion, Exam, Task
from skill_distiller.exams.sandbox import Sandbox, code_in
from skill_distiller.exams.sitting import MOST_READS, Condition, Mark, Sitting
from skill_distiller.language.lexicon import Sense, senses
from skill_distiller.prompted.exchange import ANSWER, MARK, ask_twice, new_boundary
from skill_distiller.prompted.exchange import DIRECT as PROMPT
from skill_distiller.providers.model import Expected, Request
from skill_distiller.providers.session import Question, Session, Unanswered
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, count_tokens

_REPAIRS: Final = 1
_ANSWER_TOKENS: Final = 2000
_MARK_TOKENS: Final = 200
_NO_FILE: Final = "There is no such file."
_MARKS: Final = re.compile(r"[*_`\s]+")  # emphasis and white space, which a quote may have otherwise
_WORD: Final = re.compile(r"\w+")
_OPENING: Final = 5  # words in which a criterion says that something must not be there
_DENIES: Final = frozenset({Sense.NEGATION, Sense.AVOIDANCE, Sense.LACK})
NO_SANDBOX: Final = "its code needs a sandbox (bubblewrap)"
NEEDS_AGENT: Final = "it is about tools or files, and needs a real agent"
_NO_FILES: Final = "There are no files to read: answer at once."
_LAST: Final = f"You have read {MOST_READS} files, and that is all you may read: answer now."


class Turn(NamedTuple):
    """What a model wants: a file, or to answer."""

    path: str
    answer: str


class Said(NamedTuple):
    """An answer to a question, "" where none could be had."""

    text: str
    whole: bool = True


@dataclass(frozen=True)
class _Attempt:
    """A task on its way: the files read so far, what was wrong with the last reply, and what it has cost."""

    condition: Condition
    task: Task
    reads: tuple[str, ...] = ()
    problem: str = ""
    tries: int = 0
    calls: int = 0
    tokens: int = 0

    def ended(self, answer: str = "", error: str = "") -> Sitting:
        return Sitting(
            self.condition.name, self.task.id, answer, self.reads, self.calls, self.tokens, error if not answer else ""
        )


@dataclass(frozen=True, slots=True)
class Examiner:
    """Puts the tasks of an exam to one model and has another one mark the answers (it may be the same).

    Code of criteria runs in the `sandbox`, and without one not at all.
    """

    answering: Session
    judging: Session
    sandbox: Sandbox | None = None
    _known: dict[tuple[str, str, str], Sitting] = field(default_factory=dict, repr=False)

    def expected(self, exam: Exam, conditions: Sequence[Condition]) -> tuple[Expected, Expected]:
        """About what `sit` will ask the one and the other, without files that are read and without repairs."""
        tasks = len(exam.tasks)
        marks = sum(c.check is None for task in exam.tasks for c in task.asked)
        skills = sum(count_tokens(condition.skill) for condition in conditions)
        rounds = tasks * len(conditions)
        answer, mark = _ANSWER_TOKENS // 3, _MARK_TOKENS // 4
        answers = Expected(rounds, tasks * skills + rounds * (count_tokens(ANSWER.text) + answer), rounds * answer)
        judged = marks * len(conditions)
        return answers, Expected(judged, judged * (count_tokens(MARK.text) + answer + mark), judged * mark)

    def sit(self, exam: Exam, conditions: Sequence[Condition]) -> tuple[Sitting, ...]:
        """Every task under every condition, marked; what was sat before with the same texts is not sat again.

        An answer or a mark that can't be had is an error of its sitting and never a score. Raises ProviderError where
        the provider itself fails: what was answered by then is in the cache.
        """
        for text in {task.prompt for task in exam.tasks}.union(*map(_texts_of, conditions)):
            self.answering.admit(text)
        wanted = [(condition, task) for condition in conditions for task in exam.tasks]
        new = [_Attempt(condition, task) for condition, task in wanted if self._key(condition, task) not in self._known]
        for attempt, sitting in zip(new, self._answer_all(new), strict=True):
            self._known[self._key(attempt.condition, attempt.task)] = sitting
        unmarked = [(self._key(c, t), t) for c, t in wanted if not self._known[self._key(c, t)].marks]
        self._mark_all(unmarked)
        return tuple(replace(self._known[self._key(c, t)], condition=c.name) for c, t in wanted)

    def answers(self, condition: Condition, questions: Sequence[str]) -> tuple[Said, ...]:
        """What is said to some questions under a condition, in order, marked by nobody; raises what `sit` raises."""
        tasks = tuple(Task(question, question, ()) for question in dict.fromkeys(questions))
        said = {sitting.task: Said(sitting.answer) for sitting in self.sit(Exam("", tasks), [condition])}
        return tuple(said[question] for question in questions)

    def _key(self, condition: Condition, task: Task) -> tuple[str, str, str]:
        return condition.skill, "\0".join(f"{path}\0{text}" for path, text in condition.files.items()), task.id

    def _answer_all(self, attempts: Sequence[_Attempt]) -> list[Sitting]:
        done: dict[int, Sitting] = {}
        waiting = dict(enumerate(attempts))
        while waiting:
            questions = {place: Question(_request(attempt), read_turn) for place, attempt in waiting.items()}
            replies = self.answering.ask_all(list(questions.values()))
            left: dict[int, _Attempt] = {}
            for (place, attempt), reply, question in zip(waiting.items(), replies, questions.values(), strict=True):
                asked = question.request  # its boundary is another one in every run
                after = _after(attempt, reply, count_tokens(asked.prompt.replace(asked.boundary, "")))
                if isinstance(after, Sitting):
                    done[place] = after
                else:
                    left[place] = after
            waiting = left
        return [done[place] for place in range(len(attempts))]

    def _mark_all(self, unmarked: Sequence[tuple[tuple[str, str, str], Task]]) -> None:
        marks: dict[tuple[tuple[str, str, str], str], Mark] = {}
        asked: list[tuple[tuple[str, str, str], Task, Criterion]] = []
        for key, task in unmarked:
            if self._known[key].error:
                continue
            self.judging.admit(f"{task.prompt}\n{self._known[key].answer}")  # the judge may be elsewhere
            for criterion in task.asked:
                if criterion.check is None:
                    asked.append((key, task, criterion))
                else:
                    marks[key, criterion.id] = mark_by_program(criterion, self._known[key].answer, self.sandbox)
        for (key, _, criterion), mark in zip(asked, self._ask_marks(asked), strict=True):
            marks[key, criterion.id] = mark
        for key, task in unmarked:
            own = tuple(marks[key, c.id] for c in task.asked if (key, c.id) in marks)
            self._known[key] = replace(self._known[key], marks=own)

    def _ask_marks(self, asked: Sequence[tuple[tuple[str, str, str], Task, Criterion]]) -> list[Mark]:
        given: dict[int, Mark] = {}
        waiting, problem = list(range(len(asked))), ""
        for tries in range(_REPAIRS + 1):
            questions = []
            for place in waiting:
                key, task, criterion = asked[place]
                request = _mark_request(task, self._known[key].answer, criterion, problem, tries)
                questions.append(Question(request, read_mark))
            replies = self.judging.ask_all(questions)
            for place, reply in zip(waiting, replies, strict=True):
                key, _, criterion = asked[place]
                if isinstance(reply, MalformedReplyError | PromptTooLongError):
                    given[place] = Mark(criterion, None, why=f"no usable mark: {reply}")
                else:
                    given[place] = checked_mark(criterion, self._known[key].answer, *reply)
            waiting = [place for place in waiting if given[place].met is None]
            problem = 'Your last answer could not be used: give {"quote": "...", "met": true} or false.'
        return [given[place] for place in range(len(asked))]


def _texts_of(condition: Condition) -> set[str]:
    return {condition.skill, *condition.files.values()}


def _after(attempt: _Attempt, reply: object, tokens: int) -> _Attempt | Sitting:
    """What a reply makes of an attempt: it goes on, or it has ended."""
    now = replace(attempt, calls=attempt.calls + 1, tokens=attempt.tokens + tokens)
    if isinstance(reply, Turn):
        if reply.answer:
            return now.ended(reply.answer)
        if len(now.reads) < MOST_READS:
            return replace(now, reads=(*now.reads, reply.path), problem="", tries=0)
        why = f"It asked for file number {MOST_READS + 1} and gave no answer."
    else:
        why = str(reply)
    if isinstance(reply, PromptTooLongError) or attempt.tries >= _REPAIRS:
        return now.ended(error=why)
    return replace(now, problem=f"Your last answer could not be used. {why}", tries=attempt.tries + 1)


def _request(attempt: _Attempt) -> Request:
    condition, task = attempt.condition, attempt.task
    boundary = new_boundary([condition.skill, task.prompt, *condition.files.values(), *attempt.reads])
    offered = {str(path): text for path, text in condition.files.items()}
    values = {
        "reading": _reading(attempt, list(offered)),
        "problem": attempt.problem,
        "skill": condition.skill.rstrip() or "(there is no skill)",
        "files": "\n".join(f"{boundary} file {path}\n{read_offered(path, offered)}" for path in attempt.reads),
        "task": task.prompt,
    }
    return ANSWER.request(_ANSWER_TOKENS, sample=attempt.tries, boundary=boundary, values=values)


def _reading(attempt: _Attempt, offered: Sequence[str]) -> str:
    if not offered:
        return _NO_FILES
    if len(attempt.reads) >= MOST_READS:
        return _LAST
    listed = "\n".join(f"- {path}" for path in offered)
    return f"Besides the skill you may read these files, {MOST_READS - len(attempt.reads)} more:\n{listed}"


def read_offered(path: str, offered: Mapping[str, str]) -> str:
    """The text of one of the offered files; whatever else is asked for there is not."""
    plain = posixpath.normpath(path.strip()) if path.strip() and not path.startswith("/") else ""
    return offered.get(plain, _NO_FILE)


def read_turn(value: dict[str, object]) -> Turn:
    """What a reply wants; raises MalformedReplyError where it neither asks for a file nor answers."""
    action, path, answer = (value.get(name) for name in ANSWER.reply)
    if action == "read_file" and isinstance(path, str) and path.strip():
        return Turn(path.strip()[:500], "")
    if action != "read_file" and isinstance(answer, str) and answer.strip():
        return Turn("", answer.strip())
    raise MalformedReplyError("It neither named a file to read nor answered the task.")


def _mark_request(task: Task, answer: str, criterion: Criterion, problem: str, tries: int) -> Request:
    boundary = new_boundary([task.prompt, answer, criterion.text])
    values = {"problem": problem, "task": task.prompt, "answer": answer, "criterion": criterion.text}
    return MARK.request(_MARK_TOKENS, sample=tries, boundary=boundary, values=values)


def read_mark(value: dict[str, object]) -> tuple[bool, str]:
    """Whether a judge says yes, and what it quotes; raises MalformedReplyError where it says neither yes nor no."""
    met, quote = value.get("met"), value.get("quote")
    if not isinstance(met, bool):
        raise MalformedReplyError("It did not say whether the criterion is met.")
    return met, quote if isinstance(quote, str) else ""


def checked_mark(criterion: Criterion, answer: str, met: bool, quote: str) -> Mark:
    """The mark of a judge: a yes counts only with a quote that stands in the answer, but where something is absent."""
    stands = bool(_bare(quote)) and _bare(quote) in _bare(answer)
    if met and not stands and not asks_for_absence(criterion.text):
        return Mark(criterion, False, "", unsupported=True)
    return Mark(criterion, met, quote if stands else "")


def asks_for_absence(criterion: str) -> bool:
    """Whether a criterion is met by what is not said: "The response does not …", "The response avoids …"."""
    return any(_DENIES & senses(word) for word in _WORD.findall(criterion.lower().replace("n't", " not"))[:_OPENING])


def _bare(text: str) -> str:
    return _MARKS.sub(" ", text).strip().casefold()


def mark_by_program(criterion: Criterion, answer: str, sandbox: Sandbox | None = None) -> Mark:
    """The mark of a criterion that a program decides, or why it can't be decided."""
    check = criterion.check
    if check is None or check.type is CheckType.RUNTIME:
        return Mark(criterion, None, why=NEEDS_AGENT, excluded=True)
    if check.type is CheckType.CODE:
        return (
            Mark(criterion, None, why=NO_SANDBOX, excluded=True)
            if sandbox is None
            else _run(criterion, answer, sandbox)
        )
    try:
        return Mark(criterion, check.decide(answer))
    except TimeoutError:
        return Mark(criterion, None, why="its expression takes too long")


def _run(criterion: Criterion, answer: str, sandbox: Sandbox) -> Mark:
    """The mark of the last Python in an answer, by the code that checks it."""
    code = code_in(answer)
    if not code:
        return Mark(criterion, False, "the answer holds no Python")
    done = sandbox.run(code, criterion.check.value if criterion.check else "")
    if not done.started:
        return Mark(criterion, None, why=f"the sandbox failed: {done.output}")
    last = done.killed or next(iter(done.output.strip().splitlines()[-1:]), "")
    return Mark(criterion, done.passed, "" if done.passed else last)


DIRECT: Final = "direct"  # the baseline that a model makes


def expected_direct(skill: Skill, tokens: int) -> Expected:
    """About what it will ask."""
    return Expected(1, count_tokens(skill.body) + tokens + count_tokens(PROMPT.text), tokens)


def shorten_directly(session: Session, skill: Skill, tokens: int, counter: TokenCounter) -> Skill:
    """What a model makes of a skill whose SKILL.md may take so many tokens; nothing of it is checked.

    Raises ProviderError where no text comes, and what the session raises.
    """
    session.admit(skill.text)
    room = max(1, tokens - counter.count(skill.frontmatter.raw))

    def request(tries: int, problem: str) -> Request:
        values = {"tokens": str(room), "problem": problem, "body": skill.body}
        return PROMPT.request(room, sample=tries, boundary=new_boundary([skill.text]), values=values)

    reply = ask_twice(session, request, _read_body)
    if isinstance(reply, Unanswered):
        raise ProviderError(f"{session.name} gave no shorter text.", "Leave --sit=direct out, or use another model.")
    made = parse_skill(f"{skill.frontmatter.raw}{reply.rstrip()}\n", skill.path)
    return parse_skill(skill.frontmatter.raw + truncate(made, room, counter.count), skill.path)


def _read_body(value: dict[str, object]) -> str:
    body = value.get("body")
    if not isinstance(body, str) or not body.strip():
        raise MalformedReplyError("It held no body.")
    return body


def more_baselines(sit: Sequence[str], lingua: str, *, offline: bool) -> Mapping[str, Baseline]:
    """The baselines besides those that are always there; raises UsageError for one that there is not."""
    known = (*BASELINES, LINGUA, DIRECT)
    if unknown := [name for name in sit if name not in known]:
        raise UsageError(f"There is no baseline {unknown[0]!r}.", f"Baselines: {', '.join(known)}.")
    if LINGUA in sit and not lingua:
        raise UsageError(f"--sit={LINGUA} needs its model.", "Name one with --llmlingua.")
    return {LINGUA: load_llmlingua(lingua, offline=offline)} if lingua else {}


def baseline_folder(
    name: str,
    more: Mapping[str, Baseline],
    folders: tuple[SkillFolder, SkillFolder],
    counter: TokenCounter,
    found: Examiner | None,
) -> SkillFolder:
    """The original, first of the two folders, with what a baseline leaves of it at the tokens of the second."""
    original, candidate = folders
    tokens = counter.count(candidate.skill.text)
    if name != DIRECT:
        return original.with_skill(baseline_skill(original.skill, {**BASELINES, **more}[name], tokens, counter.count))
    if found is None:
        raise UsageError("--sit=direct asks a model.", "Name one with --provider, and an exam that can be answered.")
    found.answering.expect(expected_direct(original.skill, tokens))
    return original.with_skill(shorten_directly(found.answering, original.skill, tokens, counter))
