"""`augmented` on a `tf.data.Dataset`, of batches and of single examples."""

import numpy as np
import pytest

import regkit
from regkit_albumentations import augmented
from tests.small import BOTH, A, X, Y, averaging, flipped, images, transformed

tf = pytest.importorskip("tensorflow")

BOXED = A.Compose([A.HorizontalFlip(p=1.0)], bbox_params=A.BboxParams("pascal_voc", ["labels"]))


def slices(*arrays):
    return tf.data.Dataset.from_tensor_slices(arrays if len(arrays) > 1 else arrays[0])


def pulled(dataset):
    """Return the arrays of all elements, one after another."""
    parts = zip(*dataset.as_numpy_iterator(), strict=True)
    return [np.concatenate([np.atleast_1d(one) for one in each]) for each in parts]


def expected(numbers=range(24), **options):
    pairs = zip(X, numbers, strict=True)
    made = [transformed(BOTH, [{"image": x}], first=n, **options) for x, n in pairs]
    return np.stack([one[0]["image"] for one in made])


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_a_single_example_draws_by_its_place(workers):
    dataset = augmented(slices(X, Y), BOTH, seed=1, workers=workers)
    found, labels = pulled(dataset.batch(7))
    np.testing.assert_array_equal(found, expected())
    np.testing.assert_array_equal(labels, Y)


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_an_example_in_a_batch_draws_by_the_batch_and_its_place_there(workers):
    dataset = augmented(slices(X, Y).batch(5), BOTH, seed=1, workers=workers)
    numbers = [(k // 5 << 32) + k % 5 for k in range(24)]
    np.testing.assert_array_equal(pulled(dataset)[0], expected(numbers))


def test_large_examples_go_one_by_one_and_draw_alike():
    x = images(3, side=640)
    found = list(augmented(slices(x), BOTH, seed=1).as_numpy_iterator())
    made = transformed(BOTH, [{"image": one} for one in x])
    np.testing.assert_array_equal(found, [one["image"] for one in made])


def test_each_pass_is_an_epoch():
    dataset = augmented(slices(X, Y), BOTH, seed=1)
    for epoch in range(3):
        np.testing.assert_array_equal(pulled(dataset.batch(8))[0], expected(epoch=epoch))
    again = augmented(slices(X, Y), BOTH, seed=1, initial_epoch=2)
    np.testing.assert_array_equal(pulled(again.batch(8))[0], expected(epoch=2))


def test_repeated_it_goes_through_the_epochs():
    found = pulled(augmented(slices(X, Y), BOTH, seed=1).repeat(2).batch(8))[0]
    np.testing.assert_array_equal(found, np.concatenate([expected(), expected(epoch=1)]))


def test_a_look_at_the_first_elements_counts_for_nothing():
    dataset = augmented(slices(X, Y), BOTH, seed=1)
    assert len(list(dataset.take(3))) == 3
    np.testing.assert_array_equal(pulled(dataset.batch(8))[0], expected())


def test_shapes_types_and_the_count_are_known():
    single = augmented(slices(X, Y), BOTH, seed=1)
    assert single.element_spec[0] == tf.TensorSpec((8, 8, 3), "uint8")
    batched = augmented(slices(X, Y).batch(8, drop_remainder=True), "Normalize()", seed=1)
    assert batched.element_spec[0] == tf.TensorSpec((8, 8, 8, 3), "float32")
    assert int(single.cardinality()) == 24
    assert int(batched.cardinality()) == 3
    ragged = augmented(slices(X, Y).batch(7), "RandomCrop(4, 5)", seed=1)
    assert ragged.element_spec[0].shape.as_list() == [None, 4, 5, 3]
    assert int(ragged.cardinality()) == 4


def sized(*sides):
    def made():
        for side in sides:
            yield images(1, side=side)[0]

    return tf.data.Dataset.from_generator(
        made, output_signature=tf.TensorSpec((None, None, 3), "uint8")
    )


def test_images_of_any_size_become_images_of_one():
    dataset = augmented(sized(30, 40, 50), "Resize(16, 24)", seed=1)
    assert dataset.element_spec.shape.as_list() == [16, 24, 3]
    assert next(iter(dataset.batch(3))).shape == (3, 16, 24, 3)


def test_or_stay_as_they_are():
    dataset = augmented(sized(30, 40), "HorizontalFlip(p=1.0)", seed=1)
    assert dataset.element_spec.shape.as_list() == [None, None, 3]
    for found, side in zip(dataset.as_numpy_iterator(), (30, 40), strict=True):
        np.testing.assert_array_equal(found, images(1, side=side)[0][:, ::-1])


@pytest.mark.parametrize("batched", [False, True])
def test_masks_boxes_and_labels(batched):
    boxes = np.full((24, 3, 4), -1, "float32")
    boxes[:, 0] = 1, 2, 3, 6
    labels = np.full((24, 3), -1)
    labels[:, 0] = np.arange(24)
    parts = {"mask": X[..., :1], "boxes": boxes, "labels": labels, "other": Y}
    dataset = slices(X, parts)
    targets = ("image", {"mask": "mask", "boxes": "bboxes", "labels": "labels"})
    dataset = augmented(dataset.batch(8) if batched else dataset, BOXED, seed=1, targets=targets)
    assert dataset.element_spec[1]["boxes"].shape.as_list() == [None] * batched + [3, 4]
    dataset = dataset if batched else dataset.batch(8)
    first = 0
    for image, found in dataset.as_numpy_iterator():
        now = slice(first, first + len(image))
        np.testing.assert_array_equal(image, X[now, :, ::-1])
        np.testing.assert_array_equal(found["mask"], X[now, :, ::-1, :1])
        np.testing.assert_allclose(found["boxes"][:, 0], [[5, 2, 7, 6]] * 8, atol=1e-5)
        assert (found["boxes"][:, 1:] == -1).all()
        np.testing.assert_array_equal(found["labels"], labels[now])
        np.testing.assert_array_equal(found["other"], Y[now])
        first += len(image)


@pytest.mark.parametrize("batched", [False, True])
def test_a_model_trains_on_it(batched):
    x = images(32, channels=1, dtype="float32")
    data = slices(x, np.zeros((32, 1)))
    data = augmented(data.batch(8) if batched else data, "InvertImg(p=1.0)", seed=1)
    logs = averaging((8, 8, 1)).fit(data if batched else data.batch(8), epochs=2, verbose=0).history
    np.testing.assert_allclose(logs["loss"], [np.mean(1 - x)] * 2, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "transform", "options", "message"),
    [
        (lambda: slices(X[..., 0]).batch(2).batch(2).batch(2), BOTH, {}, "these have"),
        (lambda: slices(X[:, 0, :, 0]), BOTH, {}, r"have \(8, 3\)|have \(8,\)"),
        (lambda: slices(X), "MaskDropout(p=1.0)", {}, r"fails on samples of .*\(8, 8, 3\).*Mask"),
        (lambda: slices(X), BOTH, {"use_multiprocessing": True}, "is for arrays and a PyDataset"),
        (lambda: slices(X), BOTH, {"max_queue_size": 3}, "max_queue_size=3 is for arrays and a"),
        (lambda: slices(X), BOTH, {"batch_size": 3}, "batch_size=3 is for arrays; batch and"),
        (lambda: slices(X, Y), BOTH, {"targets": ("image", "bboxes")}, "'bboxes' needs Compose"),
    ],
)
def test_what_cannot_be_is_refused_at_once(make, transform, options, message):
    with pytest.raises(regkit.RegkitError, match=message):
        augmented(make(), transform, seed=1, **options)


def test_images_of_several_shapes_are_refused_as_they_are_made():
    dataset = augmented(slices(X).batch(8), "RandomScale(p=1.0)", seed=1)
    with pytest.raises(tf.errors.OpError, match="of several shapes or types"):
        list(dataset)


def test_flips_are_flips():
    found = pulled(augmented(slices(X, Y), "HorizontalFlip(p=0.5)", seed=1))[0].reshape(X.shape)
    assert 0 < flipped(found, X).sum() < 24
