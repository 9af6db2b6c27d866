"""`regkit.path`: what members share, what is refused, what diverges."""

import keras
import numpy as np
import pytest

import regkit
from regkit.core.draws import ambient_seed
from regkit.core.seam.generators import seed_all
from tests.comparison.small import DATA, VALUES, network
from tests.comparison.strengths import ridge

QUICK = {"repeats": 2, "epochs": 1, "batch_size": 60, "seed": 0}


def test_strengths_of_a_repeat_share_split_initialization_and_order():
    members = []

    def build(input_shape, n_classes, member):
        members.append(member)
        return network(input_shape, n_classes)

    followed = regkit.path(build, DATA, "l2(1e-9|1)", **QUICK)
    none, weak, strong = followed.validation.values.T
    np.testing.assert_allclose(none, weak, rtol=1e-6)
    assert not np.isclose(none, strong, rtol=1e-3).any()
    assert none[0] != none[1], "repeats differ"
    assert {*members} == {0, 1}
    again = regkit.path(network, DATA, "l2(1e-9|1)", **QUICK)
    assert (again.validation.values == followed.validation.values).all()


def test_a_member_is_measured_as_its_plain_fit_is():
    """Without validation or strengths beside it: the same split, weights and order, by hand."""
    from regkit.comparison.design.seeds import repeats
    from regkit.comparison.strengths.held_out import splits
    from regkit.data import load

    followed = regkit.path(network, DATA, "l2(0.1|1)", measure="accuracy", **{**QUICK, "epochs": 3})
    data = load(DATA)
    (draw, _), (repeat, _) = splits(data, 2, 0, 0.2), repeats(2, 1, 0)
    (model,) = regkit.fit_members(
        lambda: network((4,), 3),
        draw.x_train,
        draw.y_train,
        n_members=1,
        recipe="l2(0.1)",
        seeds=[repeat.init_seed],
        epochs=3,
        batch_size=60,
    )
    right = model.predict(draw.x_held_out, verbose=0).argmax(axis=1) == draw.y_held_out
    assert followed.validation.values[0, 1] == pytest.approx(100 * right.mean())


def test_early_stopping_sees_the_validation_part_of_its_repeat():
    text = "l2(0.01|0.1) + early_stopping(patience=1, min_delta=100.0)"
    stopped = regkit.path(network, DATA, text, **{**QUICK, "epochs": 4})
    first = regkit.path(network, DATA, "l2(0.01|0.1)", **QUICK)
    np.testing.assert_allclose(stopped.validation.values, first.validation.values, rtol=1e-5)


def test_a_strength_that_diverges_is_named_and_left_out():
    def build(input_shape):
        model = keras.Sequential([keras.Input(input_shape), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    options = {**QUICK, "epochs": 15}
    followed = regkit.path(build, VALUES, "l2(0.01|1e6)", **options)
    assert followed.diverged == {1e6: [0, 1]}
    assert followed.chosen in (0, 0.01)
    assert np.isfinite(followed.validation.values[:, :2]).all()
    assert "Left out: l2(1e6), which diverged in repeats 0 and 1" in str(followed)
    del options["repeats"]
    parts = regkit.bias_variance(build, VALUES, "l2(0.01|1e6)", replicates=2, **options)
    assert parts.diverged == {"l2(1e6)": [0, 1]}
    assert parts.strengths[parts.least] < 1e6
    assert np.isfinite(parts.error[:2]).all()
    with pytest.raises(regkit.RegkitError, match="in all replicates but at most one"):
        regkit.bias_variance(build, VALUES, "l2(1e6)", replicates=2, **options)


def test_a_path_where_all_diverges_is_refused():
    def build(input_shape):
        model = keras.Sequential([keras.Input(input_shape), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(1e6), "mse")
        return model

    with pytest.raises(regkit.RegkitError, match=r"without l2 too; lower the learning rate"):
        regkit.path(build, VALUES, "l2(0.1|1)", **{**QUICK, "epochs": 15})


def test_without_a_seed_it_follows_keras():
    seed_all(5)  # as keras.utils.set_random_seed, without loading TensorFlow
    expected = ambient_seed()
    followed = regkit.path(network, DATA, "l2(0.1|1)", repeats=1, epochs=1, engine="sequential")
    assert followed.settings["seed"] == expected
    assert followed.engine == "sequential"
    assert ambient_seed() == expected, "the user's own generators are left alone"


@pytest.mark.parametrize("call", [regkit.path, regkit.bias_variance], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("l2(1..1e-3)", "from the smaller number to the larger"),
        ("l2(0..1)", "does not reach 0"),
        ("l2(0.1|0.1)", "twice"),
        ("l2(0.1|1) + dropout(0.1|0.2)", r"varies l2.strength and dropout.rate.*regkit.compare"),
        ("label_smoothing(0.1, spread='all'|'others')", "The strengths of LabelSmoothing"),
        ("elastic_distortion(34, sigma=4|6)", r"elastic_distortion.alpha"),
    ],
)
def test_what_is_no_single_strength_is_refused(call, recipe, message):
    with pytest.raises(regkit.RegkitError, match=message):
        call(network, DATA, recipe)


def test_a_path_needs_alternatives():
    with pytest.raises(regkit.RegkitError, match=r"as 'l2\(1e-6..1\)'.*received 'l2\(0.1\)'"):
        regkit.path(network, DATA, "l2(0.1)")
    with pytest.raises(regkit.RegkitError, match="which stands for one recipe"):
        regkit.path(network, DATA, "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": ([[0.0], [1.0]], [0, 1])}, "too few to split"),
        ({"data": "no_such_file.csv"}, "no file"),
        ({"measure": "mse"}, "here it is nll, accuracy"),
        ({"measure": "acuracy"}, "accuracy"),
        ({"data": ([[0.0], [0.1]], [0.0, 0.5])}, "arrays: 2 examples"),
        ({"repeats": 0}, "repeats"),
        ({"validation_size": 1.0}, "validation_size"),
        ({"build_model": lambda: ridge.build((4,))}, "3 classes need"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    given = {"build_model": network, "data": DATA, "recipe": "l2(0.1|1)", **options}
    with pytest.raises(regkit.RegkitError, match=message):
        regkit.path(**given)


def test_a_data_frame_and_names_of_models():
    import pandas

    x, y = DATA
    frame = pandas.DataFrame(x, columns=list("abcd")).assign(kind=np.array(["x", "y", "z"])[y])
    followed = regkit.path("mlp", frame, "l2(0.1|1)", target="kind", repeats=1, epochs=1)
    assert followed.settings["model"] == "mlp"
    assert followed.validation.values.shape == (1, 3)


def test_bias_and_variance_of_classes():
    options = {"replicates": 3, "epochs": 2, "batch_size": 60, "seed": 0}
    brier = regkit.bias_variance(network, DATA, "l2(0.001|0.1)", **options)
    assert (brier.strengths, brier.measure) == ((0, 0.001, 0.1), "brier")
    np.testing.assert_allclose(brier.error, brier.bias + brier.variance)
    alone = regkit.bias_variance(network, DATA, **options)
    assert alone.error == pytest.approx(brier.error[:1], rel=1e-3)
    rate = regkit.bias_variance(network, DATA, "l2(0.1)", measure="zero_one", **options)
    np.testing.assert_allclose(rate.error, rate.bias + rate.variance)
    assert 0 <= rate.error[0] <= 1


def test_bias_variance_refuses_what_cannot_be():
    with pytest.raises(regkit.RegkitError, match="replicates"):
        regkit.bias_variance(network, DATA, replicates=1)
    with pytest.raises(regkit.RegkitError, match="here it is squared_error"):
        regkit.bias_variance(network, VALUES, measure="brier")
    with pytest.raises(regkit.RegkitError, match="too few to split"):
        regkit.bias_variance(network, ([[0.0], [1.0]], [0, 1]))
