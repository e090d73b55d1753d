"""What a result is held against: the checks of `verify`, the receipt, the estimate of functionality."""
