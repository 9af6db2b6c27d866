"""Every transform of Albumentations: its text, its draws, its shape. NumPy only."""

import warnings

import numpy as np
import pytest

from regkit import RegkitError
from regkit_albumentations.text import parsed, written
from tests.small import A, transformed
from tests.tables import (
    ALL,
    ARGUMENTS,
    IMAGE,
    IMAGES,
    INPUTS,
    NOT_TRIED,
    OTHER_SHAPE,
    STEADY,
    VARIANTS,
    WITHOUT_TEXT,
)

pytestmark = pytest.mark.backend_free


def text_of(name):
    given = [ARGUMENTS[name]] if name in ARGUMENTS else []
    share = [] if name == "OneOrOther" else ["p=1.0"]  # its p says which of the two
    return f"{name}({', '.join(given + share)})"


def made(text):
    with warnings.catch_warnings(action="ignore"):  # Albumentations thinks aloud
        return parsed(text)


def results(text, **options):
    name = text.split("(")[0]
    sample, transform = INPUTS.get(name, {"image": IMAGE}), made(text)
    if "bboxes" in sample:
        transform = A.Compose([transform], bbox_params=A.BboxParams("albumentations"))
    key = next(iter(sample))
    return [one[key] for one in transformed(transform, [sample] * 12, **options)]


def alike(left, right):
    return all(map(np.array_equal, left, right))


TEXTS = [text_of(name) for name in sorted(ALL - set(NOT_TRIED))] + VARIANTS


def test_the_tables_name_what_there_is():
    tables = (ARGUMENTS, INPUTS, NOT_TRIED, WITHOUT_TEXT, STEADY, OTHER_SHAPE)
    assert set().union(*tables) <= ALL
    assert len(TEXTS) == 123 + len(VARIANTS)


@pytest.mark.parametrize("text", TEXTS)
def test_its_text_makes_it_again(text):
    transform = made(text)
    found = written(transform)
    if text.split("(")[0] in WITHOUT_TEXT:
        assert found is None
        return
    again = made(found)
    assert again.to_dict() == transform.to_dict()
    assert written(again) == found


@pytest.mark.parametrize("text", TEXTS)
def test_it_draws_by_seed_epoch_and_number_alone(text):
    untouched = IMAGES.copy()
    found = results(text)
    np.random.seed(5)
    assert alike(results(text), found)
    assert alike(results(text, first=5)[:7], found[5:])  # whatever it drew before
    random = text.split("(")[0] not in STEADY
    assert random is not alike(found, found[1:])
    assert random is not alike(found, results(text, seed=2))
    assert random is not alike(found, results(text, epoch=1))
    np.testing.assert_array_equal(IMAGES, untouched)


@pytest.mark.parametrize("text", TEXTS)
def test_it_keeps_the_shape_or_is_known_not_to(text):
    name = text.split("(")[0]
    key, value = next(iter(INPUTS.get(name, {"image": IMAGE}).items()))
    kept = all(one.shape == value.shape for one in results(text))
    assert kept is not (name in OTHER_SHAPE), key


@pytest.mark.parametrize("name", ["BaseCompose", "BasicTransform", "DualTransform", "Transform3D"])
def test_a_base_class_is_no_transform(name):
    with pytest.raises(RegkitError, match=f"no transform '{name}'"):
        parsed(f"{name}(p=1.0)")
