"""In which direction a metric is better, as Keras' own callbacks find out."""

from __future__ import annotations

import keras

__all__ = ["direction"]


def direction(model: keras.Model, name: str) -> str | None:
    """Return "min" or "max" for a name of the logs, or None where the metric does not tell.

    A loss is better when lower; the other metrics of Keras know their direction. A name may have
    `val_` and an output's name before the metric's.

    Args:
        model: The model, whose metrics are built in its first step.
        name: A key of `logs`, such as `"val_accuracy"`.
    """
    name = name.removeprefix("val_")
    if name == "loss" or name.endswith("_loss"):
        return "min"
    metrics = [part for metric in model.metrics for part in getattr(metric, "metrics", [metric])]
    named = [m for m in metrics if name == m.name or name.endswith(f"_{m.name}")]
    if not named:
        return None
    nearest = max(named, key=lambda metric: len(metric.name))
    return {"up": "max", "down": "min"}.get(getattr(nearest, "_direction", ""))
