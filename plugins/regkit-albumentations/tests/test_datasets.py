"""`augmented` on arrays and a PyDataset: which draws a sample gets, in which order they come."""

import numpy as np
import pytest

from regkit_albumentations import augmented
from tests.small import BOTH, A, Four, X, Y, arrays, flipped, list_of, transformed

pytestmark = pytest.mark.backend_free


def whole(dataset):
    """Return all of a pass in the order of the labels."""
    x, y = (np.concatenate(parts) for parts in zip(*list_of(dataset), strict=True))
    return x[np.argsort(y)]


def expected(transform=BOTH, numbers=range(24), **options):
    pairs = zip(X, numbers, strict=True)
    made = [transformed(transform, [{"image": x}], first=n, **options) for x, n in pairs]
    return np.stack([one[0]["image"] for one in made])


@pytest.mark.parametrize("options", [{}, {"shuffle": False}, {"batch_size": 24}, {"batch_size": 1}])
def test_a_sample_of_arrays_draws_by_its_place(options):
    np.testing.assert_array_equal(whole(arrays(**options)), expected())


def test_a_sample_of_a_pydataset_draws_by_its_batch_and_place_there():
    numbers = [(k // 4 << 32) + k % 4 for k in range(24)]
    found = whole(augmented(Four(), BOTH, seed=1))
    np.testing.assert_array_equal(found, expected(numbers=numbers))


def test_each_epoch_has_its_own_and_each_seed():
    dataset = arrays()
    dataset.epoch = 3
    np.testing.assert_array_equal(whole(dataset), expected(epoch=3))
    np.testing.assert_array_equal(whole(arrays(initial_epoch=3)), expected(epoch=3))
    np.testing.assert_array_equal(whole(arrays(seed=2)), expected(seed=2))
    assert (expected() != expected(epoch=3)).any()
    assert (expected() != expected(seed=2)).any()


def test_the_transforms_own_seed_is_of_no_account():
    seeded = A.Compose(BOTH.transforms, seed=5)
    np.testing.assert_array_equal(whole(arrays(seeded)), expected())


def test_a_text_is_a_transform():
    text = "Compose([HorizontalFlip(p=0.5), RandomBrightnessContrast(p=0.5)])"
    np.testing.assert_array_equal(whole(arrays(text)), expected())


def test_the_order_is_another_in_each_epoch_and_holds_every_sample_once():
    def order(**options):
        return np.concatenate([y for _, y in list_of(arrays(**options))])

    first, second = order(), order(initial_epoch=1)
    assert sorted(first) == sorted(second) == sorted(Y)
    assert (first != second).any()
    assert (first != Y).any()
    np.testing.assert_array_equal(order(), first)
    np.testing.assert_array_equal(order(shuffle=False), Y)


@pytest.mark.parametrize("transform", ["Normalize()", "RandomCrop(4, 4)"])
def test_type_and_shape_may_change(transform):
    found = whole(arrays(transform))
    assert found.dtype == ("float32" if "Norm" in transform else "uint8")
    assert found.shape[1:] == ((8, 8, 3) if "Norm" in transform else (4, 4, 3))


def test_a_channel_that_a_transform_leaves_out_comes_back():
    class Squeezed(A.ImageOnlyTransform):
        def apply(self, img, **params):
            return img[..., 0] if self.py_random.random() < 0.5 else img

    x = X[..., :1]
    np.testing.assert_array_equal(augmented((x,), Squeezed(p=1.0), seed=1, shuffle=False)[0][0], x)


class Black(A.ImageOnlyTransform):
    """Works in place, as one may who knows that nobody else has the image."""

    def apply(self, img, **params):
        img[...] = 0
        return img


@pytest.mark.parametrize(
    "transform",
    [Black(p=1.0), A.Compose([Black(p=1.0)]), A.Lambda(image=Black().apply, p=1.0)],
    ids=["alone", "composed", "function"],
)
def test_the_users_arrays_stay_also_where_a_transform_works_in_place(transform):
    x = X.copy()
    (found,) = augmented((x,), transform, seed=1, batch_size=24)[0]
    assert not found.any()
    np.testing.assert_array_equal(x, X)
    assert x.flags.writeable


def test_arrays_need_not_be_contiguous():
    x = np.asfortranarray(X)[::2, :, ::-1]
    (found,) = augmented((x,), "HorizontalFlip(p=1.0)", seed=1, shuffle=False)[0]
    np.testing.assert_array_equal(found, x[:, :, ::-1])


def test_flips_are_flips():
    assert 0 < flipped(whole(arrays("HorizontalFlip(p=0.5)")), X).sum() < 24
