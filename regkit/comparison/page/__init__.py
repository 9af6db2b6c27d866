"""The report of a comparison as one HTML file that needs nothing else."""

from regkit.comparison.page.rendering import LIMIT, fragment, render

__all__ = ["LIMIT", "fragment", "render"]
