"""What an audit found: as values, as text, as a page with pictures."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from regkit.auditing.risks import Risk
from regkit.auditing.trials import Effect, Trial
from regkit.auditing.worst_examples import drawn_risks
from regkit.previewing.grid import png_of
from regkit.previewing.saving import place_for
from regkit.types import Array

__all__ = ["Audit", "Tried"]

_SUFFIXES = (".html", ".json")
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem;
padding: 0 1rem; color-scheme: light dark }} img {{ max-width: 100%; background: white }}
pre {{ overflow-x: auto; font-size: .9em }} code {{ font-size: .95em }}</style></head><body>
<h1><code>{recipe}</code></h1>
<pre>{text}</pre>
{pictures}
{again}
</body></html>
"""


@dataclass(frozen=True)
class Tried:
    """A trial and what it did.

    Attributes:
        trial: What was tried.
        effect: What it did to the images, whatever they show.
        after: The changed images.
    """

    trial: Trial
    effect: Effect
    after: Array = field(repr=False)


@dataclass(frozen=True, repr=False)
class Audit:
    """What an audit found; `print` it, `save` it, or show it in a notebook.

    Attributes:
        recipe: Its text.
        data: The name of the data.
        class_names: Of the classes.
        n_examples: How many images were changed and judged.
        judges: Who judged: "neighbours", "model".
        trials: What was tried, with its effects.
        risks: The pairs of classes at risk, the most frequent first.
        symmetries: What the recipe can turn images into, in sentences.
        images: The images as they are.
        real: The real images beside which neighbours judge.
        nearest: For each trial the number of the real image that each changed one is nearest to.
        again: The command that finds the same; None for arrays and models.
    """

    recipe: str
    data: str
    class_names: tuple[str, ...]
    n_examples: int
    judges: tuple[str, ...]
    trials: tuple[Tried, ...]
    risks: tuple[Risk, ...]
    symmetries: tuple[str, ...]
    images: Array
    real: Array
    nearest: Mapping[str, Array]
    again: str | None

    @property
    def ok(self) -> bool:
        """Whether no pair of classes is at risk."""
        return not self.risks

    @property
    def safe(self) -> dict[str, dict[str, float]]:
        """For each technique and class the largest strength tried that is safe, as a part of it.

        0.75 of `Rotation(degrees=40)` is 30°; 0 where even the least tried is at risk.
        """
        table: dict[str, dict[str, float]] = {}
        for name, own in self._by_technique().items():
            parts = {}
            for label, class_name in enumerate(self.class_names):
                safe = 0.0
                for one in own:
                    if any(r.change == one.trial.name and r.label == label for r in self.risks):
                        break
                    safe = one.trial.part
                parts[class_name] = safe
            table[name] = parts
        return table

    def _by_technique(self) -> dict[str, list[Tried]]:
        """Return the trials of each technique by its full name, from the weakest on."""
        places = sorted({t.trial.technique for t in self.trials if t.trial.technique is not None})
        found = {}
        for place in places:
            own = [t for t in self.trials if t.trial.technique == place]
            found[own[-1].trial.name] = own
        return found

    def __repr__(self) -> str:
        return f"Audit({self.recipe!r}, {self.data}: {len(self.risks)} pairs of classes at risk)"

    def __str__(self) -> str:
        judges = " and ".join({"neighbours": "the nearest real images", "model": "the model"}[j]
                              for j in self.judges)  # fmt: skip
        lines = [f"{self.n_examples} images of {self.data}, judged by {judges}.", ""]
        lines += [f"! {line}" for line in self.symmetries]
        lines += [""] if self.symmetries else []
        if self.ok:
            lines.append("No pair of classes is at risk at the strengths tried.")
        else:
            lines.append("At risk: changed images that look like another class")
            lines += _table([self._row(one) for one in self.risks])
        lines += ["", "What it does to images", *self._effects()]
        strengths = self._strengths()
        return "\n".join([*lines, *(["", *strengths] if strengths else [])])

    def _row(self, one: Risk) -> list[str]:
        low, high = one.interval
        return [
            one.change,
            f"{self.class_names[one.label]} → {self.class_names[one.looks_like]}",
            f"{one.rate:.0%} ({low:.0%} to {high:.0%})",
            f"before {one.before:.0%}",
            f"by {one.judge}",
            f"p {one.p:.1g}",
        ]

    def _effects(self) -> list[str]:
        rows = [["", "changed", "difference", "lost", "folded"]]
        for one in self.trials:
            e = one.effect
            rows.append([one.trial.name, f"{e.changed:.0%}", f"{e.difference:.0%}",
                         f"{e.lost:.0%}", f"{e.folded:.0%}"])  # fmt: skip
        return _table(rows)

    def _strengths(self) -> list[str]:
        """Return a sentence for each technique that is not safe at all strengths."""
        lines = []
        for name, parts in self.safe.items():
            own = self._by_technique()[name]
            if len(own) < 2 or min(parts.values()) == 1.0:
                continue
            said = []
            for part in sorted(set(parts.values()), reverse=True):
                classes = ", ".join(one for one, safe in parts.items() if safe == part)
                if part == 0.0:
                    said.append(f"not even at {own[0].trial.strength} for {classes}")
                else:
                    strength = next(t.trial.strength for t in own if t.trial.part == part)
                    said.append(f"up to {strength} for {classes}")
            lines.append(f"{name} is safe {'; '.join(said)}")
        return lines

    def figure(self) -> Any:
        """Return a Matplotlib figure: for each pair at risk an image, changed, and a real one."""
        after = {one.trial.name: one.after for one in self.trials}
        return drawn_risks(
            self.risks, self.images, after, self.real, self.nearest, self.class_names
        )

    def as_dict(self) -> dict[str, Any]:
        """Return all of it but the images, as JSON takes it."""
        return {
            "recipe": self.recipe,
            "data": self.data,
            "class_names": list(self.class_names),
            "n_examples": self.n_examples,
            "judges": list(self.judges),
            "ok": self.ok,
            "risks": [asdict(one) for one in self.risks],
            "safe": self.safe,
            "symmetries": list(self.symmetries),
            "effects": {one.trial.name: asdict(one.effect) for one in self.trials},
            "again": self.again,
        }

    def _repr_html_(self) -> str:
        return self._page()

    def _page(self) -> str:
        pictures = ""
        if self.risks:
            png = base64.b64encode(png_of(self.figure())).decode()
            pictures = (
                "<h2>The worst examples</h2><p>As they are, as they are changed, and the real "
                "image that the changed one is nearest to.</p>"
                f'<img alt="Pairs of classes at risk, with examples" '
                f'src="data:image/png;base64,{png}">'
            )
        again = f"<p>Again: <code>{html.escape(self.again)}</code></p>" if self.again else ""
        return _PAGE.format(
            title=html.escape(f"regkit audit: {self.recipe}"),
            recipe=html.escape(self.recipe),
            text=html.escape(str(self)),
            pictures=pictures,
            again=again,
        )

    def save(self, path: str | Path) -> Path:
        """Write a page with pictures (.html) or the values (.json), and return the path.

        Raises:
            OptionError: for another suffix.
        """
        path = place_for(path, _SUFFIXES, "an audit")
        text = json.dumps(self.as_dict(), indent=1) if path.suffix == ".json" else self._page()
        path.write_text(text, encoding="utf-8")
        return path


def _table(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
            for row in rows]  # fmt: skip
