"""Gates over results: what fails names the pieces that carried it; these stay, and the rest is made again."""
