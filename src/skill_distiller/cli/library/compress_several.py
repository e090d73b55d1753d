"""`compress` of several skills: into a folder as `batch` does it, or each in turn."""

from __future__ import annotations

from dataclasses import replace

from skill_distiller.cli.compress import Request, run_request
from skill_distiller.cli.input_output import STDIN, read_input
from skill_distiller.cli.library.batch import compress_many
from skill_distiller.cli.library.each import for_each, path_of
from skill_distiller.cli.library.paths import Looking
from skill_distiller.cli.library.run_batch import Engines, Handling
from skill_distiller.cli.options.arguments import Pieces
from skill_distiller.errors import UsageError


def compress_several(request: Request, paths: list[str]) -> None:
    """The same for several skills: into a folder as `batch` does it, or each in turn where it only shows or applies."""
    pieces, output, models = request.pieces, request.output, request.models
    own = (("--keep", pieces.keep), ("--plan", pieces.plan), ("--save-plan", pieces.save_plan))
    for name, given in (*own, ("--exam", pieces.exam_file)):
        if given:
            raise UsageError(f"{name} is about one skill.", "Leave it out, or name one skill.")
    if not models.takes_what_is_there and models.provider != "embedded":
        raise UsageError("With several skills compress asks no language model.", "See skill-distiller batch.")
    request = replace(request, models=replace(models, provider="embedded"))
    if output.file in ("", STDIN):
        if output.to_stdout and not (output.dry_run or output.diff or output.json_):
            if len(paths) == 1:  # of one folder the sentence names what it holds
                read_input(paths[0])
            raise UsageError(
                "Several skills can't go to stdout as one.",
                "Name a folder: -o OUT. Or look: --dry-run, --diff, --json.",
            )
        above = "Index: " if output.diff and not output.json_ else ""
        for_each(paths, lambda found: run_request(replace(request, path=path_of(found))), above=above)
        return
    if pieces != Pieces() or request.debug_stages or output.only_shows or output.diff:
        raise UsageError("A folder of results leaves no room for options on pieces and stages.", "See batch --help.")
    handling = Handling(
        output.file, force=output.force, yes=output.yes, json_=output.json_, verbose=output.verbose, quiet=output.quiet
    )
    compress_many(paths, handling, Engines(), Looking(), request.source, request.goal, request.models, request.config)
