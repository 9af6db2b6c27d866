"""Members: many fits of one shape as rows of one computation."""
