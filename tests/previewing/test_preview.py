"""What a preview shows is what training steps show; as a picture, a page, in a notebook."""

import base64
import html
import io
import re
import shlex

import keras
import numpy as np
import pytest

import regkit
from regkit.core.errors import AttachError, OptionError, RegkitError
from regkit.previewing.grid import shown_values
from tests.techniques.distorting import through_fit

X = np.random.default_rng(0).random((4, 9, 7, 1)).astype("float32")


def picture(png):
    from matplotlib import image

    return image.imread(io.BytesIO(png))


def test_it_shows_what_the_first_steps_of_a_fit_show():
    recipe = "rotation(20, seed=3) + gaussian_noise(0.1, seed=4)"
    shown = regkit.preview(recipe, X, n_draws=2)
    np.testing.assert_array_equal(shown.samples.before, X)
    np.testing.assert_allclose(
        shown.samples.after[1], through_fit(regkit.Recipe(recipe), X, epochs=2), atol=1e-5
    )


def test_the_line_that_is_shown_shows_the_same(tmp_path, monkeypatch, capsys):
    from regkit.cli.main import main

    monkeypatch.chdir(tmp_path)
    shown = regkit.preview("flip + gaussian_noise(0.3)", "digits", n_examples=2, n_draws=2, seed=5)
    words = shlex.split(shown.again)[1:]
    assert main([*words, "--backend", keras.backend.backend()]) == 0
    assert (tmp_path / "preview.png").read_bytes() == shown._repr_png_()
    assert regkit.preview("flip", X, n_draws=1).again is None


def test_each_class_comes_in_turn():
    shown = regkit.preview("flip", "digits", n_examples=12, n_draws=1)
    assert shown.labels == (*map(str, range(10)), "0", "1")


def test_what_changes_no_inputs_is_named():
    shown = regkit.preview("flip + l2(0.5) + brightness(0.1)", X, n_draws=1)
    assert shown.samples.silent == ("L2(strength=0.5)",)
    assert shown.note == (
        "4 examples of an array, each as 1 training steps show it. These change no inputs: "
        "L2(strength=0.5)."
    )


@pytest.mark.backend_free
def test_a_picture_and_a_page(tmp_path):
    shown = regkit.preview("flip + cutout(2)", "digits", n_examples=3, n_draws=4, seed=7)
    png = shown.save(tmp_path / "deep" / "shown.png").read_bytes()
    assert picture(png).shape[1] > 400
    assert png == shown._repr_png_()
    page = shown.save(tmp_path / "shown.html").read_text()
    assert "<h1><code>flip + cutout(size=2)</code></h1>" in page
    assert shown.again == (
        "regkit preview 'flip + cutout(size=2)' --data digits --examples 3 --draws 4 --seed 7"
    )
    assert f"<code>{html.escape(shown.again)}</code>" in page
    inside = re.search(r"base64,([^\"]+)", page)[1]
    assert base64.b64decode(inside) == png
    with pytest.raises(OptionError, match=r"saved as .png or .html; received .*shown.jpg"):
        shown.save(tmp_path / "shown.jpg")


@pytest.mark.backend_free
def test_values_have_one_scale_in_all_images():
    x = np.stack([np.full((2, 2, 3), value) for value in (0.0, 5.0, 20.0)])
    found = shown_values(x, 0.0, 10.0)
    np.testing.assert_array_equal(found[:, 0, 0, 0], [0.0, 0.5, 1.0])
    assert shown_values(x[..., :1], 0.0, 10.0).shape == (3, 2, 2)
    assert shown_values(np.concatenate([x, x], -1), 0, 1).shape == (3, 2, 2, 3)
    assert np.isfinite(shown_values(np.full((1, 1, 1), np.nan), 0, 1)).all()


@pytest.mark.parametrize(
    ("recipe", "data", "message"),
    [
        ("l2(1e-4) + dropout", X, r"none of its techniques changes inputs: L2\(\), Dropout\(\)"),
        ("", X, "it is empty"),
        ("flip", "wine", r"each example here is a row of 13 numbers. Name images: digits"),
        ("flip", np.ones((4, 3), "float32"), "x"),
        ("flop", X, "did you mean 'flip'"),
    ],
)
def test_what_cannot_be_shown_is_refused(recipe, data, message):
    with pytest.raises(RegkitError, match=message):
        regkit.preview(recipe, data)


def test_a_recipe_that_needs_a_fit_says_so():
    class Slope(regkit.Technique):
        def data(self, batch, context):
            return batch.replace(x=context.value_and_grad(context.loss_fn, batch.x)[1])

    with pytest.raises(AttachError, match="asks for gradients|asks for the loss"):
        regkit.preview(Slope(), X)


@pytest.mark.parametrize(("option", "value"), [("n_examples", 0), ("n_draws", 0), ("seed", -1)])
def test_impossible_numbers_are_refused(option, value):
    with pytest.raises(OptionError, match=f"preview: {option} must be"):
        regkit.preview("flip", X, **{option: value})


@pytest.mark.backend_free
def test_the_command(tmp_path, monkeypatch, capsys):
    from regkit.cli.main import main

    monkeypatch.chdir(tmp_path)
    backend = ["--backend", keras.backend.backend()]
    assert main(["preview", "flip", "--examples", "2", "--draws", "3", *backend]) == 0
    out = capsys.readouterr().out
    assert out.splitlines() == ["2 examples of digits, each as 3 training steps show it.",
                                "preview.png"]  # fmt: skip
    assert picture((tmp_path / "preview.png").read_bytes()).ndim == 3
    assert main(["preview", "l2", *backend]) == 2
    assert "none of its techniques changes inputs" in capsys.readouterr().err
