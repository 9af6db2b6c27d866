"""What is monitored: names of logs or functions of them, and whether less or more is better."""

# Helper module: it has no technique.

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from regkit.core.errors import OptionError, SelectionError, suggest
from regkit.techniques.early_stopping.criteria import RATIOS
from regkit.types import Array

__all__ = ["Monitor", "check_minimized", "check_modes", "monitor_name", "read", "resolved_modes"]

Monitor = str | Callable[[dict[str, float]], float]


def monitor_name(monitor: Monitor) -> str:
    """Return the name of a metric, or of a function.

    Example:
        >>> monitor_name(max)
        'max'
    """
    return monitor if isinstance(monitor, str) else getattr(monitor, "__name__", repr(monitor))


def check_modes(monitors: Sequence[Monitor], mode: str | Sequence[str]) -> tuple[str, ...]:
    """Return one mode for each monitor, "auto" where the metric decides.

    Raises:
        OptionError: where there are more or fewer than monitors, and for a function without one.
    """
    modes = (mode,) * len(monitors) if isinstance(mode, str) else tuple(mode)
    if len(modes) != len(monitors):
        raise OptionError(
            f"EarlyStopping: mode must be one word or as many as monitor has entries, "
            f"{len(monitors)}; received mode={mode!r}"
        )
    for monitor, chosen in zip(monitors, modes, strict=True):
        if chosen == "auto" and not isinstance(monitor, str):
            raise OptionError(
                f"EarlyStopping: mode must be 'min' or 'max' for a function such as "
                f"{monitor_name(monitor)}, which declares no direction; received mode={mode!r}"
            )
    return modes


def check_minimized(criterion: str, name: str, mode: str) -> None:
    """Refuse a criterion that is a ratio of errors where the first monitor is maximized.

    Raises:
        OptionError: naming the monitor, and criteria for it.
    """
    if criterion in RATIOS and mode == "max":
        raise OptionError(
            f'EarlyStopping: criterion="{criterion}" takes ratios of an error, so mode must be '
            f"'min'; {name} has mode='max'. Monitor an error, or use criterion="
            '"patience" or "up"'
        )


def resolved_modes(
    direction: Callable[[str], str | None], names: Sequence[str], modes: Sequence[str]
) -> tuple[str, ...]:
    """Return "min" or "max" for each monitor.

    Args:
        direction: Decides "auto": returns "min", "max" or None for the name of a metric.
        names: The names of the monitors.
        modes: "min", "max" or "auto" for each.

    Raises:
        OptionError: where a metric declares no direction.
    """
    return tuple(
        _direction(direction(name), name) if mode == "auto" else mode
        for name, mode in zip(names, modes, strict=True)
    )


def _direction(mode: str | None, name: str) -> str:
    if mode is None:
        raise OptionError(
            f"EarlyStopping: mode must be 'min' or 'max' for {name}, a metric that declares no "
            "direction; received mode='auto'"
        )
    return mode


def read(monitors: Sequence[Monitor], logs: Mapping[str, Any], where: str) -> tuple[float, ...]:
    """Return the values of the monitors in logs.

    Args:
        monitors: Names and functions.
        logs: Numbers by name.
        where: The step and epoch in words, for messages.

    Raises:
        SelectionError: naming the missing value, the values there are, and what to do.
        OptionError: where a function gives no number.
    """
    return tuple(_value(monitor, logs, where) for monitor in monitors)


def _value(monitor: Monitor, logs: Mapping[str, Any], where: str) -> float:
    if isinstance(monitor, str):
        if monitor not in logs:
            raise _missing(monitor, logs, where)
        return _number(logs[monitor], monitor, where)
    try:
        value = monitor(dict(logs))
    except KeyError as error:
        raise _missing(str(error.args[0]), logs, where) from error
    try:
        return float(value)
    except (TypeError, ValueError):
        raise OptionError(
            f"EarlyStopping: monitor must give a number; {monitor_name(monitor)}(logs) gave "
            f"{value!r} {where}"
        ) from None


def _number(value: float | Array, name: str, where: str) -> float:
    if np.ndim(value):
        raise OptionError(
            f"EarlyStopping: monitor must be a number, and {name!r} is a vector of "
            f"{np.size(value)} {where}. Make it a number, as by monitor=lambda logs: "
            f'logs[{name!r}].mean(), mode="max"'
        )
    return float(value)


def _missing(name: str, logs: Mapping[str, Any], where: str) -> SelectionError:
    message = (
        f"EarlyStopping: monitor={name!r} is not among the values {where}{suggest(name, logs)} "
        f"(there are: {', '.join(sorted(logs)) or 'none'})"
    )
    if name.startswith("val_") and not any(logged.startswith("val_") for logged in logs):
        message += (
            ". There was no validation: give fit validation_data or validation_split, or give "
            "EarlyStopping validation_data of its own; with fit(validation_freq=n), n above 1, "
            "give EarlyStopping the same validation_freq"
        )
    elif name.removeprefix("val_") != "loss":
        message += ". Metrics are named in compile(metrics=[...])"
    return SelectionError(message)
