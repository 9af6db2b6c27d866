"""The seam: the only place that touches the internals of Keras' trainers.

`lifecycle` attaches and detaches; `runtime` resolves a plan on a model; `frame` is one step, the
same on every backend; an adapter for each backend (`tensorflow`, `jax`, `torch`) makes the compiled
function and knows how gradients are taken there; `backup` keeps state beside Keras' backup.
"""

from regkit.core.seam.lifecycle import Seam

__all__ = ["Seam"]
