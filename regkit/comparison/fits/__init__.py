"""Training: one fit, and many of them one after another or in processes."""
