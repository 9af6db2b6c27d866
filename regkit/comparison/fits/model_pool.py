"""Models in their initial state, without compiling the same step again for every fit."""

from __future__ import annotations

import keras

from regkit.comparison.design.networks import check, count_parameters
from regkit.core.model_building import ModelBuilder
from regkit.core.seam.generators import drawn_from, seed_all

__all__ = ["ModelPool"]

KEPT_PARAMETERS = 2_000_000  # above, memory matters and compiling does not


class ModelPool:
    """Hands out, for each arm and seed, the model that `build` gives under that seed.

    Compiling a small model's step takes as long as training it. A model is therefore built anew
    for every fit, but where an arm has a model already, that is given the variables (weights,
    optimizer, seeds) of the one just built and handed out in its place: a fit starts from the same
    numbers and finds its step compiled. A model that was built for another member is not: it may
    differ in more than its variables. Large models, models whose variables appear only in
    training, and all on PyTorch, which compiles nothing, are handed out as they are built.

    Args:
        build: Builds a compiled model.
        input_shape: The shape of one example.
        n_classes: The number of classes; None for a regression.
    """

    def __init__(
        self, build: ModelBuilder, input_shape: tuple[int, ...], n_classes: int | None
    ) -> None:
        self.build = build
        self.input_shape, self.n_classes = input_shape, n_classes
        self._kept: dict[tuple[str, int], keras.Model] = {}

    def model(self, arm: str, seed: int, member: int = 0) -> keras.Model:
        """Return a model in its initial state, with Keras' random state set by the seed.

        Args:
            arm: The arm's name.
            seed: The seed of Keras' random state.
            member: What `build` gets as the member.

        Raises:
            RegkitError: where the model does not fit the labels.
        """
        # Layers get the names that they would have in a process of their own, so that a selector
        # such as layers="dense_1" means the same in every fit.
        keras.utils.clear_session(free_memory=False)
        seed_all(seed)
        with drawn_from(seed):
            model = self.build(self.input_shape, self.n_classes, member)
            check(model, self.input_shape, self.n_classes)
            if model.built and not model.optimizer.built:
                model.optimizer.build(model.trainable_variables)
        key = arm, member if "member" in self.build.by_name else 0
        kept = self._kept.get(key)
        if kept is not None and _take_over(kept, model):
            model = kept
        elif _worth_keeping(model):
            self._kept[key] = model
        seed_all(seed)  # whatever building the model has drawn
        return model

    def drop(self, arm: str) -> None:
        """Forget an arm's models, after a failure that may have left them in any state."""
        self._kept = {key: model for key, model in self._kept.items() if key[0] != arm}


def _worth_keeping(model: keras.Model) -> bool:
    compiles = keras.backend.backend() != "torch"
    return compiles and model.built and count_parameters(model) <= KEPT_PARAMETERS


def _take_over(kept: keras.Model, new: keras.Model) -> bool:
    """Give a kept model the variables of a new one; return whether the two correspond."""
    current, initial = _variables(kept), _variables(new)
    if [(v.shape, v.dtype) for v in current] != [(v.shape, v.dtype) for v in initial]:
        return False
    for variable, source in zip(current, initial, strict=True):
        variable.assign(source.value)
    return True


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.variables, *model.optimizer.variables]
