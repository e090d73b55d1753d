"""`python -m skill_distiller`."""

from skill_distiller.cli import main

main()
