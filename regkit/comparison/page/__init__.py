"""The report of a comparison as one HTML file that needs nothing else; an overview of several."""

from regkit.comparison.page.rendering import LIMIT, fragment, overview, render

__all__ = ["LIMIT", "fragment", "overview", "render"]
