"""A whole skill as three lines: TRIGGER, ACTION, RESULT."""
