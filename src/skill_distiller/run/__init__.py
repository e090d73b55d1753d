"""One run from a skill to its result: options, backends, the pipeline, notes."""
