"""What `augmented` refuses, and in which words."""

import pytest

import regkit
from regkit_albumentations import augmented
from tests.small import BOTH, A, Four, X, Y

pytestmark = pytest.mark.backend_free

REFUSED = {
    "seed must be a whole number of at least 0; received -1": {"seed": -1},
    "seed must be a whole number of at least 0; received True": {"seed": True},
    "initial_epoch must be a whole number of at least 0; received 0.5": {"initial_epoch": 0.5},
    "batch_size must be a whole number of at least 1; received 0": {"batch_size": 0},
    "padding must be a finite number; received nan": {"padding": float("nan")},
    "transform must be a transform of Albumentations, or its text; received 3": {"transform": 3},
    "has no transform 'Flip'": {"transform": "Flip()"},
    "data must be a tuple of arrays such as": {"data": [X, Y]},
    "received ndarray. A single array is": {"data": X},
    r"arrays need as many samples each; these have \[23, 24\]": {"data": (X, Y[:-1])},
    "batch_size=4 is for arrays": {"data": Four(), "batch_size": 4},
    "shuffle=True is for arrays": {"data": Four(), "shuffle": True},
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_is_refused_at_once(message):
    options = {"data": (X, Y), "transform": BOTH, "seed": 1, **REFUSED[message]}
    with pytest.raises(regkit.RegkitError, match=message):
        augmented(**options)


@pytest.mark.parametrize(
    ("x", "transform", "message"),
    [
        (X, "RandomScale(p=1.0)", "'image' of several shapes or types, .*Resize, PadIfNeeded"),
        (X, "ToFloat(p=0.5)", "of several shapes or types, .*float32"),
        (X.astype("int32"), "GaussNoise(p=1.0)", r"fails on images of int32: .*astype\(\"float32"),
    ],
)
def test_samples_that_make_no_batch(x, transform, message):
    with pytest.raises(regkit.RegkitError, match=message):
        augmented((x, Y), transform, seed=1)[0]


class NoArray(A.NoOp):
    """As ToTensorV2, which is there with PyTorch only."""

    def apply_with_params(self, params, **given):
        return {"image": memoryview(given["image"])}


def test_a_tensor_makes_no_batch():
    with pytest.raises(
        regkit.RegkitError, match="makes 'image' a memoryview; leave out ToTensorV2"
    ):
        augmented((X, Y), NoArray(p=1.0), seed=1)[0]


def test_an_error_of_the_transforms_own_comes_as_it_is():
    with pytest.raises(ValueError, match="MaskDropout requires"):
        augmented((X, Y), "MaskDropout(p=1.0)", seed=1)[0]
