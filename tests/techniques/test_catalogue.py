"""The built-in techniques in their order, and the arms that a comparison tries by default."""

import pytest

from regkit.core import registry
from regkit.core.recipe import Alternatives
from regkit.techniques import catalogue

pytestmark = pytest.mark.backend_free


def test_every_built_in_technique_is_there_once_by_chapter_and_name():
    classes = catalogue.built_in()
    ids = [registry.identify(cls) for cls in classes]
    everything = [entry.id for entry in registry.entries("technique") if ":" not in entry.id]
    assert sorted(ids) == sorted(everything)
    some = ["l1", "l2", "label_smoothing", "gaussian_noise", "elastic_distortion", "dropout"]
    assert sorted(some, key=ids.index) == some


def test_the_order_of_a_chapter_that_is_not_named_is_last():
    class Tie: ...

    Tie.__module__ = "regkit.techniques.tying.tie"
    assert catalogue.place(Tie) > max(map(catalogue.place, catalogue.built_in()))


def test_default_arms_are_recipes_of_the_techniques_that_declare_them():
    arms = catalogue.default_arms()
    assert (
        arms.items()
        >= {
            "l2(1e-4|1e-3)": (),
            "label_smoothing(0.1|0.3)": ("classes",),
            "gaussian_noise(0.1|0.3)": (),
            "elastic_distortion(relative_to=28)": ("images",),
            "drop_connect": (),
            "dropout(0.2|0.5)": (),
        }.items()
    )
    assert list(arms) == [arm for cls in catalogue.built_in() for arm in cls.default_arms]
    for cls in catalogue.built_in():
        for arm in cls.default_arms:
            for recipe in Alternatives(arm):
                (technique,) = recipe
                assert type(technique) is cls
