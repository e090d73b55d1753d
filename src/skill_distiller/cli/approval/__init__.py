"""What a human decides of a result, and what can be taken back."""
