"""What is kept of a comparison, as JSON: to read, to resume from, to run again."""
