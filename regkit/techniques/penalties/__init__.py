"""Penalties on weights, added to the loss."""
