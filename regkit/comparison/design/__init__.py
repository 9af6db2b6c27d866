"""What is compared: settings, arms, seeds, and the examples of each fit."""
