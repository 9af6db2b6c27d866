"""What it takes to run a comparison again, as terms and descriptions."""

from __future__ import annotations

from regkit.comparison.record.results import Record
from regkit.comparison.words.verdict_text import repeats
from regkit.core.words import counted

__all__ = ["duration", "facts", "subtitle", "title"]


def title(record: Record) -> str:
    """Return the page's title: which arms, on what."""
    others = [record.label(arm) for arm in record.arms if arm != record.baseline]
    arms = others[0] if len(others) == 1 else f"{len(others)} recipes"
    return f"{arms} against the baseline on {record.data['name']}"


def subtitle(record: Record) -> list[str]:
    """Return what the comparison was made of, in short pieces."""
    settings = record.settings
    noise = settings["label_noise"]
    return [
        str(settings["model"]),
        repeats(record),
        f"{settings['epochs']} epochs",
        *([f"{100 * noise:.0f} % of the training labels redrawn"] if noise else []),
    ]


def facts(record: Record) -> list[tuple[str, str]]:
    """Return versions, seeds, data, hardware and time."""
    data, settings, environment = record.data, record.settings, record.environment
    named = [f"{arm} = {text}" for arm, text in record.arms.items() if text and text != arm]
    count = len(record.fits) + len(record.trials)
    shape = " × ".join(map(str, data["shape"]))
    described = {
        "Recipes": "; ".join(named),
        "Data": f"{data['name']}, {shape} values an example",
        "SHA-256 of the data": data["sha256"],
        "Model": f"{settings['model']}, {environment['parameters']:,} parameters",
        "Seeds": f"root seed {settings['seed']}; those of the {repeats(record)} follow from it",
        "Sizes": f"batches of {settings['batch_size']}; test {settings['test_size']:g}, validation "
        f"{settings['validation_size']:g} of the rest",
        "Versions": ", ".join(
            f"{name} {version}" for name, version in environment["versions"].items()
        ),
        "Hardware": f"{environment['machine']}; {', '.join(environment['devices'])}",
        "Started": environment["started"].replace("T", " ").replace("+00:00", " UTC"),
        "Duration": f"{duration(environment['seconds'])} for {counted(count, 'fit')}",
    }
    return [(term, text) for term, text in described.items() if text]


def duration(seconds: float) -> str:
    """Return a time in words.

    Example:
        >>> duration(187.4), duration(3725)
        ('3 min 7 s', '1 h 2 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {left} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
