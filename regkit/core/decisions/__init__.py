"""Techniques that only decide: when training ends, and to which weights it returns."""
