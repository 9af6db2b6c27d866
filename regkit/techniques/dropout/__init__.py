"""Dropping units and connections."""
