"""`python -m skill_distiller`."""

from skill_distiller.cli.app import main

main()
