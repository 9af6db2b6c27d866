"""In which direction a metric is better, as Keras' own callbacks find out."""

from __future__ import annotations

import keras

__all__ = ["direction", "direction_of_losses"]


def direction_of_losses(name: str) -> str | None:
    """Return "min" for a name of the logs that is a loss, and None for any other.

    Example:
        >>> direction_of_losses("val_loss"), direction_of_losses("val_accuracy")
        ('min', None)
    """
    name = name.removeprefix("val_")
    return "min" if name == "loss" or name.endswith("_loss") else None


def direction(model: keras.Model, name: str) -> str | None:
    """Return "min" or "max" for a name of the logs, or None where the metric does not tell.

    A loss is better when lower; the other metrics of Keras know their direction. A name may have
    `val_` and an output's name before the metric's.

    Args:
        model: The model, whose metrics are built in its first step.
        name: A key of `logs`, such as `"val_accuracy"`.
    """
    if direction_of_losses(name) is not None:
        return direction_of_losses(name)
    name = name.removeprefix("val_")
    metrics = [part for metric in model.metrics for part in getattr(metric, "metrics", [metric])]
    named = [m for m in metrics if name == m.name or name.endswith(f"_{m.name}")]
    if not named:
        return None
    nearest = max(named, key=lambda metric: len(metric.name))
    return {"up": "max", "down": "min"}.get(getattr(nearest, "_direction", ""))
