"""A small model with batch normalization, dropout of Keras' own with a seed, and data for it."""

import keras

import regkit
from tests import models


def build(member=0, optimizer=None):
    model = models.sequential()
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9) if optimizer is None else optimizer()
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def data(examples=models.EXAMPLES, seed=0):
    return models.data(seed, examples=examples)


def members(build_model=build, n_members=3, examples=28, validation=True, **options):
    x, y = data(examples)
    held_out = data(12, seed=1) if validation else None
    options = {"seeds": 0, "epochs": 2, "batch_size": models.BATCH, **options}
    return regkit.fit_members(
        build_model, x, y, n_members=n_members, validation_data=held_out, **options
    )
