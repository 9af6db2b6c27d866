"""Recipes: techniques as text and back, exactly."""

from regkit.core.recipe.alternatives import Alternatives
from regkit.core.recipe.recipe import Recipe, explain

__all__ = ["Alternatives", "Recipe", "explain"]
