"""Masks, boxes and keypoints go where the images go: exact, by hand."""

import keras
import numpy as np
import pytest

import regkit
from regkit_albumentations import augmented
from tests.small import A, flipped, images

pytestmark = pytest.mark.backend_free

FLIP = A.HorizontalFlip(p=1.0)
EMPTY = [-1.0] * 4


def only(data, transform, **options):
    """Return the one batch of data in their order."""
    dataset = augmented(data, transform, seed=1, batch_size=64, shuffle=False, **options)
    assert dataset.num_batches == 1
    return dataset[0]


def boxed(*transforms, kind="pascal_voc", **params):
    return A.Compose(transforms, bbox_params=A.BboxParams(kind, **params))


def test_masks_move_with_their_images():
    x = images(64, channels=1)
    found, masks = only((x, x), A.HorizontalFlip(p=0.5), targets=("image", "mask"))
    np.testing.assert_array_equal(found, masks)
    assert 0 < flipped(found, x).sum() < 64


def test_of_what_is_not_named_nothing_changes():
    x, y = images(), np.arange(16)
    found, labels, weights = only((x, y, y / 2), FLIP)
    np.testing.assert_array_equal(found, x[:, :, ::-1])
    np.testing.assert_array_equal(labels, y)
    np.testing.assert_array_equal(weights, y / 2)


def test_names_stand_where_the_parts_are():
    x = images()
    data = {"left": x, "more": [x, np.arange(16)]}, {"where": x[..., :1]}
    targets = {"left": "image", "more": ["second"]}, {"where": "mask"}
    whole = A.Compose([FLIP], additional_targets={"second": "image"})
    inputs, outputs = only(data, whole, targets=targets)
    for one, other in ((inputs["left"], x), (inputs["more"][0], x), (outputs["where"], x[..., :1])):
        np.testing.assert_array_equal(one, other[:, :, ::-1])
    np.testing.assert_array_equal(inputs["more"][1], np.arange(16))


def test_boxes_of_a_flip():
    """In an image 8 wide the columns from 1 to 3 become those from 5 to 7."""
    boxes = np.array([[[1, 2, 3, 6], [0, 0, 8, 8], EMPTY]], "float32")
    found = only((images(1), boxes), boxed(FLIP), targets=("image", "bboxes"))[1]
    np.testing.assert_allclose(found[0], [[5, 2, 7, 6], [0, 0, 8, 8], EMPTY], atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "box", "mirrored"),
    [
        ("coco", [1, 2, 2, 4], [5, 2, 2, 4]),
        ("yolo", [0.25, 0.5, 0.25, 0.5], [0.75, 0.5, 0.25, 0.5]),
        ("albumentations", [0.125, 0.25, 0.375, 0.75], [0.625, 0.25, 0.875, 0.75]),
    ],
)
def test_boxes_of_other_formats(kind, box, mirrored):
    boxes = np.array([[box, EMPTY]], "float32")
    found = only((images(1), boxes), boxed(FLIP, kind=kind), targets=("image", "bboxes"))[1]
    np.testing.assert_allclose(found[0], [mirrored, EMPTY], atol=1e-6)
    np.testing.assert_array_equal(boxes[0], np.array([box, EMPTY], "float32"))


def test_a_crop_drops_boxes_and_their_labels_and_keeps_the_rows():
    """Of the window 2…6 × 2…6 the first box has nothing, the second a part, the third all."""
    boxes = np.array([[[0, 0, 2, 2], [4, 1, 8, 5], [3, 3, 5, 6]]], "float32")
    labels = np.array([[7, 8, 9]])
    whole = boxed(A.Crop(2, 2, 6, 6, p=1.0), label_fields=["labels"])
    targets = ("image", {"where": "bboxes", "what": "labels"})
    x, y = only((images(1), {"where": boxes, "what": labels}), whole, targets=targets)
    assert x.shape == (1, 4, 4, 3)
    np.testing.assert_allclose(y["where"][0], [[2, 0, 4, 3], [1, 1, 3, 4], EMPTY], atol=1e-5)
    np.testing.assert_array_equal(y["what"], [[8, 9, -1]])
    assert y["what"].dtype == labels.dtype


def test_samples_without_boxes_among_others():
    boxes = np.full((3, 2, 4), -1.0, "float32")
    boxes[1, 0] = 1, 2, 3, 6
    labels = np.array([[-1, -1], [4, -1], [-1, -1]])
    whole = boxed(FLIP, label_fields=["labels"])
    _, y = only((images(3), (boxes, labels)), whole, targets=("image", ("bboxes", "labels")))
    np.testing.assert_allclose(y[0][1, 0], [5, 2, 7, 6], atol=1e-5)
    assert (np.delete(y[0].reshape(6, 4), 2, 0) == -1).all()
    np.testing.assert_array_equal(y[1], labels)


def test_whole_numbers_are_rounded_not_cut_off():
    """By hand: a column c of 29 becomes 29 − c, of which Albumentations makes 21.999998."""
    x = np.zeros((1, 29, 29, 1), "uint8")
    boxes = np.array([[[c, c, c + 1, c + 1] for c in range(28)]], "int32")
    found = only((x, boxes), boxed(FLIP), targets=("image", "bboxes"))[1]
    np.testing.assert_array_equal(found[0], [[28 - c, c, 29 - c, c + 1] for c in range(28)])


def test_keypoints_of_a_flip():
    """Pixels are places: column 0 of 8 goes to column 7."""
    whole = A.Compose([FLIP], keypoint_params=A.KeypointParams("xy"))
    points = np.array([[[0, 3], [5.5, 2], [-1, -1]]], "float32")
    found = only((images(1), points), whole, targets=("image", "keypoints"))[1]
    np.testing.assert_allclose(found[0], [[7, 3], [1.5, 2], [-1, -1]], atol=1e-5)


def test_another_padding():
    boxes = np.array([[[4, 1, 8, 5], [0, 0, 2, 2], [-9] * 4]], "float32")
    whole = boxed(A.Crop(2, 2, 6, 6, p=1.0))
    found = only((images(1), boxes), whole, targets=("image", "bboxes"), padding=-9)[1]
    np.testing.assert_allclose(found[0], [[2, 0, 4, 3], [-9] * 4, [-9] * 4], atol=1e-5)


class Twice(A.DualTransform):
    """Adds a copy of each box."""

    _targets = A.HorizontalFlip._targets

    def apply(self, img, **params):
        return img

    def apply_to_bboxes(self, bboxes, **params):
        return np.concatenate([bboxes, bboxes])


REFUSED = {
    "more rows": ("makes 4 boxes or points, and the data have 3", boxed(Twice(p=1.0))),
    "no params": ("'bboxes' needs Compose\\(\\[...\\], bbox_params=...\\)", A.Compose([FLIP])),
    "no Compose": ("'bboxes' needs Compose", FLIP),
}


@pytest.mark.parametrize("name", REFUSED)
def test_boxes_that_cannot_be(name):
    message, transform = REFUSED[name]
    boxes = np.array([[[1, 2, 3, 4], [1, 1, 2, 2], EMPTY]], "float32")
    with pytest.raises(regkit.RegkitError, match=message):
        only((images(1), boxes), transform, targets=("image", "bboxes"))


def test_a_type_that_cannot_say_that_there_is_no_box():
    boxes = np.zeros((1, 2, 4), "uint8")
    with pytest.raises(regkit.RegkitError, match="'bboxes' of type uint8 cannot hold padding=-1"):
        only((images(1), boxes), boxed(FLIP), targets=("image", "bboxes"))


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (("mask",), "names no 'image'"),
        (("image", "image"), "names 'image' twice"),
        (("image", "masc"), "knows no target 'masc'; it knows .*mask"),
        ("image", r"not have the structure of the data, \(…, …\)"),
        (("image", "mask", "mask"), "not have the structure"),
        (({"x": "image"},), "not have the structure"),
        (("image", "keypoints"), "'keypoints' needs Compose.*keypoint_params"),
        (("image", "labels"), "'labels' belongs to 'bboxes', which targets does not name"),
    ],
)
def test_targets_that_do_not_fit(targets, message):
    x, whole = images(2), boxed(FLIP, label_fields=["labels"])
    with pytest.raises(regkit.RegkitError, match=message):
        only((x, x), whole, targets=targets)


def test_the_structure_is_shown():
    data = ({"a": images(2), "b": [images(2)]},)
    with pytest.raises(regkit.RegkitError, match=r"of the data, \(\{'a': …, 'b': \(…,\)\},\)\."):
        only(data, FLIP, targets=({"c": "image"},))


def test_images_and_masks_of_unequal_sides():
    data, targets = (images(2), images(2, side=4)), ("image", "mask")
    with pytest.raises(regkit.RegkitError, match="image and mask need the same height and width"):
        only(data, A.Compose([FLIP]), targets=targets)
    found = only(data, A.Compose([FLIP], is_check_shapes=False), targets=targets)
    np.testing.assert_array_equal(found[1], data[1][:, :, ::-1])


def test_a_segmentation_trains():
    x = images(32, channels=1, dtype="float32")
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 1)])
    model.compile(keras.optimizers.Adam(0.1), "mse")
    data = augmented((x, 1 - x), A.D4(p=1.0), seed=1, targets=("image", "mask"), batch_size=8)
    assert model.fit(data, epochs=20, verbose=0).history["loss"][-1] < 0.01
