"""`skill-distiller soft` and its commands. torch is loaded by those that need it, when they are run."""
