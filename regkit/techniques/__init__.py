"""The techniques, a chapter for each folder and a technique for each file."""
