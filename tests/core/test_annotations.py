"""What belongs to an image moves with it: masks, boxes, keypoints, among targets or inputs."""

import keras
import numpy as np
import pytest
from keras import ops

import regkit
from regkit.core.errors import AttachError, ConflictError, OptionError
from regkit.core.outside import changed_batch
from regkit.core.stages import Batch
from tests.techniques.distorting import Seen

SIDE = 48
MOVES = {
    "flip": regkit.Flip(vertical=True, seed=1),
    "crop": regkit.RandomCrop(5, seed=1),
    "window": regkit.RandomCrop(size=(40, 44), seed=1),
    "rotation": regkit.Rotation(25.0, seed=1),
    "translation": regkit.Translation(0.1, seed=1),
    "shear": regkit.Shear(15.0, seed=1),
    "scale": regkit.ScaleCrop(1.2, seed=1),
    "elastic": regkit.ElasticDistortion(160.0, 12.0, seed=1),
    "some": regkit.Rotation(25.0, probability=0.5, seed=1),
    "all": regkit.Recipe(
        "flip(seed=1) + rotation(15, seed=1) + elastic_distortion(160, sigma=12, seed=1)"
    ),
}
TARGETS = {"mask": "mask", "soft": "image", "boxes": "boxes", "points": "keypoints"}


def scene(batch=6):
    """A bright disk of five pixels' radius, with all that marks it; and a box of padding."""
    places = np.random.default_rng(0).uniform(16, SIDE - 17, (batch, 2))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    x, y = places[:, 0, None, None], places[:, 1, None, None]
    distance = np.hypot(columns - x, rows - y)
    image = np.clip(6 - distance, 0, 1)[..., None].astype("float32")
    boxes = np.stack([places - 5, places + 6], 1).reshape(batch, 1, 4)
    boxes = np.concatenate([boxes, -np.ones((batch, 1, 4))], 1).astype("float32")
    return image, {
        "mask": (image[..., 0] > 0.5).astype("int32"),
        "soft": image.copy(),
        "boxes": boxes,
        "points": places[:, None].astype("float32"),
        "label": np.arange(batch),
    }


def said(technique, targets):
    """The technique, and for a recipe its first one, with targets."""
    if isinstance(technique, regkit.Recipe):
        first, *others = technique
        return regkit.Recipe([said(first, targets), *others])
    return type(technique)(**{**technique.get_config(), "targets": targets})


@pytest.mark.parametrize("name", MOVES)
def test_all_that_marks_a_thing_stays_on_it(name):
    x, y = scene()
    technique = said(MOVES[name], TARGETS)
    batch = changed_batch(technique, Batch(x, keras.tree.map_structure(ops.convert_to_tensor, y)))
    image = ops.convert_to_numpy(batch.x)[..., 0]
    y_after = {key: ops.convert_to_numpy(value) for key, value in batch.y.items()}
    assert np.abs(image[:, :40, :40] - x[:, :40, :40, 0]).max() > 0.5  # it has moved
    np.testing.assert_allclose(y_after["soft"][..., 0], image, atol=1e-6)
    assert (y_after["mask"] != (image > 0.5)).mean() < 0.004  # by nearest, half a pixel
    assert set(np.unique(y_after["mask"])) <= {0, 1}
    rows, columns = np.mgrid[: image.shape[1], : image.shape[2]]
    for k, one in enumerate(image):
        center = [(columns * one).sum() / one.sum(), (rows * one).sum() / one.sum()]
        np.testing.assert_allclose(y_after["points"][k, 0], center, atol=0.6)
        seen_rows, seen_columns = np.nonzero(one > 0.5)
        left, top, right, bottom = y_after["boxes"][k, 0]
        assert left <= seen_columns.min() + 1
        assert right >= seen_columns.max()
        assert top <= seen_rows.min() + 1
        assert bottom >= seen_rows.max()
        assert (right - left) * (bottom - top) < 2.6 * 121
        np.testing.assert_array_equal(y_after["boxes"][k, 1], -1)
    np.testing.assert_array_equal(y_after["label"], y["label"])


def test_a_mask_among_the_inputs_is_no_image():
    x, y = scene()
    flip = regkit.Flip(probability=1.0, targets={"mask": "mask:7"})
    crop = regkit.RandomCrop(4, seed=3, fill_value=0.5)
    batch = changed_batch(
        regkit.Recipe([flip, crop]), Batch({"image": x, "mask": y["mask"][..., None]}, y["label"])
    )
    mask = ops.convert_to_numpy(batch.x["mask"])
    image = ops.convert_to_numpy(batch.x["image"])
    assert set(np.unique(mask)) == {0, 1, 7}
    np.testing.assert_array_equal(mask == 7, (image == 0.5) & (mask != 1) & (mask != 0))
    np.testing.assert_array_equal(mask == 1, (image > 0.5))


def test_targets_in_a_fit_are_those_that_the_loss_sees():
    x, y = scene()

    class Kept(Seen):
        def data(self, batch, context):
            context.state["x"] = ops.concatenate([batch.x, ops.cast(batch.y, "float32")], -1)
            return batch

    Seen.shape = (6, SIDE, SIDE, 2)
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), keras.layers.Conv2D(1, 1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    seen = Kept()
    model.fit(x, y["mask"][..., None], batch_size=6, verbose=0,
              callbacks=[regkit.Rotation(30, seed=0, targets="mask"), seen])  # fmt: skip
    image, mask = seen.x[..., 0], seen.x[..., 1]
    assert (mask != (image > 0.5)).mean() < 0.004
    assert np.abs(np.sort(image, axis=0) - np.sort(x[..., 0], axis=0)).max() > 0.5


def test_targets_that_may_say_where_something_is_are_not_left_behind():
    """Masks and maps, also of another size, boxes, points."""
    x, y = scene()
    small, boxes = y["mask"][:, ::2, ::2], np.ones((len(x), 3, 4), "float32")
    for target in (y["mask"], y["soft"], small, boxes, boxes[..., :2]):
        with pytest.raises(AttachError, match=r"say where something is.*targets='mask'"):
            changed_batch(regkit.Rotation(), Batch(x, ops.convert_to_tensor(target)))
    stays = regkit.Rotation(targets="stay", seed=0)
    after = changed_batch(stays, Batch(x, ops.convert_to_tensor(y["soft"])))
    np.testing.assert_array_equal(ops.convert_to_numpy(after.y), y["soft"])


@pytest.mark.parametrize(
    ("targets", "y", "message"),
    [
        ({"maks": "mask"}, "dict", r"'maks', and neither inputs nor targets.*'mask', 'soft'"),
        ({"image": "mask"}, "both", r"'image', and both inputs and targets have it"),
        ("mask", "dict", r"one word is for targets that are one array; here they are a dict"),
        ("mask", None, r"here they are not there"),
        ("mask", "label", r"'mask' for an array of the shape \(6,\); it needs \(batch, 48, 48\)"),
        ("boxes", "points", r"'boxes'.*\(6, 1, 2\); it needs \(batch, boxes, 4\)"),
        ("keypoints", "mask", r"with 'keypoints'.*|needs"),
        ({0: "mask"}, "dict", r"names 0, and neither"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(targets, y, message):
    x, parts = scene()
    parts = keras.tree.map_structure(ops.convert_to_tensor, parts)
    known = {"dict": parts, "both": {"image": parts["mask"]}, None: None}
    given = known[y] if y in known else parts[y]
    if targets == "keypoints":
        given = parts["label"]
    with pytest.raises(AttachError, match=message):
        changed_batch(regkit.Rotation(targets=targets), Batch({"image": x}, given))


class Rolled(regkit.Technique):
    """Moves pixels by `data`, in a way that only it knows."""

    phases = (regkit.core.stages.Phase.GEOMETRY,)

    def data(self, batch, context):
        return batch.replace(x=ops.roll(batch.x, 2, axis=1))


def test_what_moves_pixels_by_itself_leaves_nothing_behind():
    x, y = scene()
    mask = ops.convert_to_tensor(y["mask"])
    with pytest.raises(
        AttachError, match=r"say where something is.*only the technique knows.*'stay'"
    ):
        changed_batch(Rolled(), Batch(x, mask))
    with pytest.raises(AttachError, match=r"only it knows, so that the targets cannot move along"):
        changed_batch([Rolled(), regkit.Flip(targets="mask")], Batch(x, mask))
    stays = [Rolled(), regkit.Flip(targets="stay")]
    after = changed_batch(stays, Batch(x, mask))
    np.testing.assert_array_equal(ops.convert_to_numpy(after.y), y["mask"])
    changed_batch(Rolled(), Batch(np.ones((4, 6), "float32"), mask))  # no image, no pixels


def test_two_that_say_different_things_contradict_each_other():
    with pytest.raises(ConflictError, match="different things of what belongs to the images"):
        regkit.Recipe([regkit.Flip(targets="mask"), regkit.Rotation(targets="image")])
    regkit.Recipe([regkit.Flip(targets="mask"), regkit.Rotation(targets="mask")])


def test_a_misspelt_kind_is_named():
    with pytest.raises(OptionError, match="did you mean 'mask'"):
        regkit.Flip(targets="masks")


def test_as_text():
    text = "flip(targets={'outline': 'mask:255', 'boxes': 'boxes:xywh', 0: 'image'})"
    assert str(regkit.Recipe(text)) == text
    with pytest.raises(regkit.core.errors.RecipeError, match="':' between a key and its value"):
        regkit.Recipe("flip(targets={'outline', 'mask'})")
    with pytest.raises(regkit.core.errors.RecipeError, match="'a' is given twice"):
        regkit.Recipe("flip(targets={'a': 'mask', 'a': 'image'})")
