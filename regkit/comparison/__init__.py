"""Comparing recipes with a baseline: fair repeats, honest intervals, tables and figures."""
