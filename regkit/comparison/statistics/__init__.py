"""From measured fits to conclusions: pure functions."""
