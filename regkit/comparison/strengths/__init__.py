"""A measure, or the parts of an error, against the strength of a technique."""
