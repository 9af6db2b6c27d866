"""Changing the targets."""
