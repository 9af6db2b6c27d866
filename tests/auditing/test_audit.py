"""Does an augmentation keep labels true? What is there is found, and what is not is not."""

import json

import keras
import numpy as np
import pytest
from scipy import stats

import regkit
from regkit.auditing.likeness import Neighbours
from regkit.auditing.risks import at_risk, confusions
from regkit.auditing.symmetries import symmetries, warned
from regkit.auditing.trials import Trial, effect_of, trials_of
from regkit.core.errors import AttachError, OptionError
from regkit.data import DataError

RANDOM = np.random.default_rng(0)


def letters(count=60, size=12, noise=0.1):
    """Images of b, d and o: a bar to the left or right of a ring, or none; o is symmetric."""
    y, x = np.mgrid[:size, :size]
    ring = (np.abs(np.hypot(x - 5.5, y - 7.5) - 2.5) < 0.8).astype("float32")
    bar = ((x == 2) & (y > 0) & (y < 10)).astype("float32")
    shapes = np.stack([np.maximum(ring, bar), np.maximum(ring, bar[:, ::-1]), ring])
    shapes[1] = shapes[0][:, ::-1]
    labels = np.arange(3 * count) % 3
    images = shapes[labels] + RANDOM.normal(0, noise, (len(labels), size, size))
    return images[..., None].astype("float32"), np.array(["b", "d", "o"])[labels]


def pairs(found, change=None):
    change = change or found.trials[-1].trial.name
    return {
        (found.class_names[one.label], found.class_names[one.looks_like])
        for one in found.risks
        if one.change == change
    }


def test_a_mirror_image_exchanges_b_and_d_and_leaves_o():
    found = regkit.audit("flip", letters())
    assert not found.ok
    assert pairs(found) == {("b", "d"), ("d", "b")}
    assert all(one.rate > 0.8 and one.before < 0.05 for one in found.risks)
    assert found.safe == {"Flip()": {"b": 0.0, "d": 0.0, "o": 1.0}}
    assert any("b and d" in line for line in found.symmetries)


@pytest.mark.parametrize("recipe", ["rotation(5)", "translation(0.05)", "gaussian_noise(0.1)",
                                    "flip + brightness(0.1)"])  # fmt: skip
def test_nothing_is_found_in_a_symmetric_set(recipe):
    """Rings of two sizes: no mirror image and no small change makes one the other."""
    y, x = np.mgrid[:12, :12]
    labels = np.arange(120) % 2
    rings = np.stack([np.abs(np.hypot(x - 5.5, y - 5.5) - r) < 0.8 for r in (2.0, 4.5)])
    images = rings[labels] + RANDOM.normal(0, 0.1, (120, 12, 12))
    assert regkit.audit(recipe, (images[..., None].astype("float32"), labels)).ok


def test_digits_a_half_turn_makes_6_a_9_and_a_small_one_does_not():
    found = regkit.audit("rotation([179, 181])")
    assert ("6", "9") in pairs(found)
    assert regkit.audit("rotation(10) + translation(0.05)").ok


def test_a_model_judges_too_and_says_more_than_pixels():
    """Images whose class is the side of a faint bar, which a model knows."""
    x, y = letters(noise=0.05)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((12, 12, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(x, np.searchsorted(["b", "d", "o"], y), epochs=15, verbose=0)
    before = [w.copy() for w in model.get_weights()]
    found = regkit.audit("flip", (x, y), model=model)
    by_model = {(one.label, one.looks_like) for one in found.risks if one.judge == "model"}
    assert by_model == {(0, 1), (1, 0)}
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_model_that_does_not_know_the_data_is_refused():
    model = keras.Sequential(
        [keras.Input((12, 12, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    model.layers[-1].set_weights([np.zeros((144, 3)), np.array([1.0, 0, 0])])
    with pytest.raises(OptionError, match="33% of the unchanged images.*knows them"):
        regkit.audit("flip", letters(), model=model)
    with pytest.raises(OptionError, match=r"keras\.Model; received str"):
        regkit.audit("flip", letters(), model="model.keras")


def test_a_model_of_one_output_gives_probabilities():
    x = RANDOM.random((60, 8, 8, 1)).astype("float32")
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.layers[-1].set_weights([np.full((64, 1), 1.0), np.zeros(1)])
    with pytest.raises(OptionError, match="must return probabilities.*sigmoid"):
        regkit.audit("flip", (x, np.arange(60) % 2), model=model)


# -- the parts ---------------------------------------------------------------------------------


def test_neighbours_are_those_of_a_loop():
    x, y = letters(20)
    labels = np.searchsorted(["b", "d", "o"], y)
    judged = np.arange(0, 60, 4)
    found = Neighbours(x, labels, 3, judged)
    from regkit.auditing.likeness import _small

    small, changed = _small(x), x[judged][:, :, ::-1]
    for k, image in enumerate(_small(changed)):
        distances = np.sqrt(((small - image) ** 2).sum(axis=(1, 2, 3)))
        distances[judged[k]] = np.inf
        assert found(changed).nearest[k] == distances.argmin()
        np.testing.assert_allclose(found(changed).distance[k], distances.min(), rtol=1e-3)


def test_larger_images_may_be_shifted_by_a_28th():
    x = np.zeros((40, 28, 28, 1), "float32")
    x[::2, 8:20, 8:20], x[1::2, 4:24, 12:16] = 1, 1
    labels = np.arange(40) % 2
    found = Neighbours(x, labels, 2, np.arange(40))
    moved = found(np.roll(x, 1, axis=2))
    np.testing.assert_allclose(moved.distance, 0.0, atol=0.02)  # of norms of 9, in float32


def test_p_is_that_of_the_sign_test_and_the_interval_wilsons():
    y = np.zeros(50, int)
    before, after = np.zeros(50, int), np.zeros(50, int)
    before[:3], after[2:12] = 1, 1  # two are lost, nine are gained
    (found,) = confusions("turn", "model", y, before, after, np.ones(50, bool), 2)
    assert found.p == pytest.approx(stats.binom.sf(8, 11, 0.5))
    assert (found.rate, found.before) == (0.2, 0.06)
    n, p, z = 50, 0.2, stats.norm.ppf(0.975)
    center, half = (p + z**2 / (2 * n)), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    wilson = (center + np.array([-half, half])) / (1 + z**2 / n)
    np.testing.assert_allclose(found.interval, wilson, rtol=1e-6)
    assert at_risk([found], 1, 0.05, 0.05)
    assert not at_risk([found], 90, 0.05, 0.05)  # one among so many may be chance
    assert not at_risk([found], 1, 0.2, 0.05)  # too seldom to matter


def test_examples_that_do_not_change_do_not_count():
    y = np.zeros(40, int)
    changed = np.arange(40) < 20
    after = np.where(changed, 1, 0)
    (found,) = confusions("flip", "model", y, y, after, changed, 2)
    assert found.rate == 1.0


def test_chance_alone_is_found_at_most_as_often_as_the_level_says():
    """200 judges whose answers have nothing to do with the change."""
    alarms = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 5, 300)
        before, after = (np.where(rng.random(300) < 0.2, rng.integers(0, 5, 300), y) for _ in "ab")
        found = confusions("none", "model", y, before, after, np.ones(300, bool), 5)
        alarms += bool(at_risk(found, 20, 0.0, 0.05))
    assert stats.binomtest(alarms, 200, 0.05, alternative="greater").pvalue > 1e-3


def test_techniques_are_tried_at_parts_of_their_strength():
    recipe = list(regkit.Recipe("rotation([-40, 20]) + flip + brightness(0.4)"))
    trials = trials_of(recipe)
    assert [one.strength for one in trials if one.technique == 0] == [
        "degrees=(-10, 5)", "degrees=(-20, 10)", "degrees=(-30, 15)", "degrees=(-40, 20)"
    ]  # fmt: skip
    assert [one.part for one in trials if one.technique == 1] == [1.0]
    assert trials[-1].name == "all together"
    assert len(trials[-1].techniques) == 3


def test_effects_are_those_of_the_pixels():
    x = np.zeros((4, 8, 8, 1), "float32")
    x[:, 3:5, 2:4] = 1.0
    moved = x.copy()
    moved[0] = 0  # all is lost of the first, half of the second
    moved[1, 3] = 0
    effect = effect_of(Trial("by hand", (regkit.Flip(),)), x, moved)
    assert (effect.changed, effect.folded) == (0.5, 0.0)
    assert effect.lost == pytest.approx((1 + 0.5) / 4)
    assert effect.difference == pytest.approx(np.sqrt(6 / 256))
    elastic = regkit.ElasticDistortion.by_strain(1.0, sigma=2.0)
    assert effect_of(Trial("elastic", (elastic,)), x, x).folded > 0.1


def test_symmetries_of_recipes():
    def of(text):
        return symmetries(list(regkit.Recipe(text)))

    assert set(of("flip")) == {"a mirror image from left to right"}
    assert "a half turn" in of("flip + flip(horizontal=False, vertical=True)")
    assert set(of("rotation(30) + flip(probability=0.2)")) == {"a mirror image from left to right"}
    assert set(of("rotation([-100, 20])")) == {"a quarter turn"}
    assert "6 and 9" in warned(of("rotation(180)"), ["6", "9", "x"])[0]
    assert of("brightness(0.1)") == {}


# -- what comes out ------------------------------------------------------------------------------


def test_it_is_saved_with_pictures_and_as_values(tmp_path):
    found = regkit.audit("flip", letters())
    page = found.save(tmp_path / "sub" / "audit.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    assert "b → d" in page
    values = json.loads(found.save(tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert values["ok"] is False
    assert values["risks"][0]["rate"] > 0.8
    assert "At risk" in str(found)
    assert "b → d" in str(found)
    with pytest.raises(OptionError, match=r"\.html or \.json; received"):
        found.save(tmp_path / "audit.pdf")


def test_the_largest_safe_strength_is_said_for_each_class():
    """A half turn, and no quarter one, exchanges n and u; an x stays one."""
    y, x = np.mgrid[:12, :12]
    legs = ((x == 3) | (x == 8)) & (y > 2) & (y < 10)
    n = legs | ((y == 2) & (x >= 3) & (x <= 8))
    cross = (np.abs(x - y) < 1) | (np.abs(x + y - 11) < 1)
    shapes = np.stack([n, n[::-1, ::-1], cross]).astype("float32")
    labels = np.arange(180) % 3
    images = (shapes[labels] + RANDOM.normal(0, 0.1, (180, 12, 12)))[..., None].astype("float32")
    found = regkit.audit("rotation([179, 181])", (images, np.array(["n", "u", "x"])[labels]))
    (parts,) = found.safe.values()
    assert parts["x"] == 1.0
    assert parts["n"] < 1.0
    assert parts["u"] < 1.0
    line = str(found).splitlines()[-1]
    assert line.startswith(
        "Rotation(degrees=(179.0, 181.0)) is safe up to degrees=(179, 181) for x; "
    )
    assert line.endswith("for n, u")


def test_the_same_seed_finds_the_same():
    data = letters()
    one, two = (regkit.audit("rotation(40) + flip", data, seed=3) for _ in "ab")
    assert one.as_dict() == two.as_dict()


def test_the_command_line_says_so_and_ends_with_one(capsys, tmp_path, monkeypatch):
    from regkit.cli.main import main

    backend = keras.backend.backend()
    assert main(["audit", "rotation([179, 181])", "--quiet", "--backend", backend,
                 "--output", str(tmp_path / "a.html")]) == 1  # fmt: skip
    out = capsys.readouterr().out
    assert "6 → 9" in out
    assert "a half turn, which exchanges 6 and 9" in out
    assert main(["audit", "gaussian_noise(0.05)", "--quiet", "--backend", backend]) == 0
    again = regkit.audit("gaussian_noise(0.05)").again
    assert again.startswith("regkit audit 'gaussian_noise(0.05)' --data digits --examples 2000")


@pytest.mark.parametrize(
    ("recipe", "data", "error", "message"),
    [
        ("dropout(0.5)", "digits", AttachError, "acts at FORWARD"),
        ("flip + cut_mix", "digits", AttachError, "acts at TARGET"),
        ("random_crop(size=[4, 4])", "digits", AttachError, "images of one size"),
        ([], "digits", AttachError, "recipe is empty"),
        ("flip(data_format='channels_first')", "digits", AttachError, "audit has channels last"),
        ("flip", "wine", DataError, "an audit looks at images with classes"),
        ("flip", (np.zeros((30, 8, 8, 1)), np.arange(30) % 6), DataError, "at least 10 of each"),
    ],
)
def test_what_cannot_be_audited_is_refused(recipe, data, error, message):
    with pytest.raises(error, match=message):
        regkit.audit(recipe, data)
