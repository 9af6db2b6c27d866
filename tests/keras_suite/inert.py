"""Techniques that act at every stage of theirs and change nothing: what goes in comes out."""

from __future__ import annotations

from typing import ClassVar

from regkit.core.select import leaves
from regkit.core.technique import Technique

__all__ = ["TECHNIQUES", "Inert", "InertTarget"]


class Inert(Technique):
    """DATA, FORWARD and GRADIENT."""

    reached: ClassVar[set[str]] = set()  # of all instances: a compiled step outlives its own

    def data(self, batch, context):
        self.reached.add("data")
        return batch

    def forward(self, call, inputs, context):
        self.reached.add("forward")
        return call(inputs)

    def gradient(self, gradients, context):
        self.reached.add("gradient")
        return gradients

    def select_layers(self, model):
        """Every layer that holds weights of its own; where there is none, none."""
        return [one for one in leaves(model) if one._trainable_variables]


class InertTarget(Inert):
    """TARGET besides."""

    def target(self, target, context):
        self.reached.add("target")
        return target


TECHNIQUES = {"inert": Inert, "inert_target": InertTarget}
