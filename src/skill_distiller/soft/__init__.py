"""Skills as soft tokens at several resolutions (SKIM, arXiv 2606.12203): trained, examined, carried beside the skill.

A compressor model reads a skill and learnable slot tokens; a projector maps what it makes of the slots into the
embedding space of a target model; the first K of these soft tokens stand for the skill. Needs the extra `[soft]`
where a module imports torch: `networks`, `rows`, `checkpoint`, `training`, `artifact`; the others don't.
"""
