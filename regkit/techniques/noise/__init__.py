"""Noise on inputs and gradients."""
