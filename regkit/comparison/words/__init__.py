"""What is said of a comparison: sentences, and tables on the terminal."""
