"""One text accounted for by another that says it in fewer words, in other places."""
