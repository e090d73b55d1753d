"""One reading of text: facts, modal words, words and token rows. What a word means is known here and nowhere above."""
