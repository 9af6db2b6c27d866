"""A plugin that the scaffold wrote, changed into a new technique, and the ways to break it."""

from dataclasses import dataclass, field

from tests.plugins_of_tests import install

NAME, ID = "road-noise", "road-noise:activation_noise"
PACKAGE = "road_noise"
WRITTEN, CHANGED = f"{PACKAGE}/scaled_noise.py", f"{PACKAGE}/activation_noise.py"
TARGET = f"{PACKAGE}.activation_noise:ActivationNoise"
TECHNIQUES = {"regkit.techniques": {"activation_noise": TARGET}}

# What an author writes over the scaffold's technique.
CHANGES = (
    ('"""Noise in proportion to the inputs."""', '"""Noise in proportion to what layers compute."""'),
    ("import SeedOption, Strength", "import LayerOption, SeedOption, Strength"),
    ('["ScaledNoise", "scaled"]', '["ActivationNoise", "scaled"]'),
    ("class ScaledNoise(Technique)", "class ActivationNoise(Technique)"),
    (
        "Add new normal noise to the inputs in each step, in proportion to each number.",
        "Add normal noise to what hidden layers compute, in proportion to each number.",
    ),
    (
        "Inputs of whole numbers (indices) stay as they are. Validation and",
        "Drawn again in each step. Validation and",
    ),
    (
        "        seed: A whole number",
        "        layers: The layers, by name, class or function.\n        seed: A whole number",
    ),
    (
        ">>> ScaledNoise(0.2)\n        ScaledNoise(stddev=0.2)",
        ">>> ActivationNoise(0.2)\n        ActivationNoise(stddev=0.2)",
    ),
    ("Phase.NOISE", "Phase.OUTPUTS"),
    (
        "    def __init__(self, stddev: Strength = 0.1, *, seed: SeedOption = None) -> None:",
        "    def __init__(\n"
        "        self, stddev: Strength = 0.1, *, layers: LayerOption = None, seed: SeedOption = None\n"
        "    ) -> None:",
    ),
    (
        "self.stddev, self.seed = stddev, seed",
        "self.stddev, self.layers, self.seed = stddev, layers, seed",
    ),
    (
        '    def data(self, batch, context):\n        """Return the batch with noisy inputs."""',
        "    def forward(self, call, inputs, context):\n"
        '        """Return what the layer computes, with noise."""',
    ),
    (
        '            if x is None or "float" not in keras.backend.standardize_dtype(x.dtype):\n'
        "                return x\n",
        "",
    ),
    (
        "return batch.replace(x=keras.tree.map_structure(noisy, batch.x))",
        "return keras.tree.map_structure(noisy, call(inputs))",
    ),
)  # fmt: skip


def changed(text, changes=CHANGES):
    """Return a text with changes, each of which must find its place once."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


@dataclass
class Broken:
    """A way to break it.

    Attributes:
        name: What is wrong.
        check: The check that finds it.
        changes: Of the module.
        says: Parts of what was found.
        fix: Parts of what the author is told to do.
        install: Options of `install`, where the metadata are wrong.
    """

    name: str
    check: str
    changes: tuple[tuple[str, str], ...]
    says: tuple[str, ...]
    fix: tuple[str, ...]
    install: dict = field(default_factory=dict)


_DRAW = "context.draws.normal(ops.shape(x), context.value(self.stddev))"
_INIT = "self.stddev, self.layers, self.seed = stddev, layers, seed"
_END = "return keras.tree.map_structure(noisy, call(inputs))\n"


def _event(*lines):
    """Return the change that adds a method to the class."""
    return ((_END, _END + "\n" + "".join(f"    {line}\n" for line in lines)),)


BROKEN = (
    Broken(
        "a mistake in a stage method",
        "effect",
        ((_DRAW, "context.draws.normal(ops.shape(x), context.value(self.strength))"),),
        ("object has no attribute 'strength'", "activation_noise.py:"),
        ("correct what the errors name",),
    ),
    Broken(
        "a stage method that returns something else",
        "effect",
        ((_END, _END.removeprefix("return ")),),
        ("ActivationNoise.forward must return what the layer computes; it returned None",),
        ("correct what the errors name",),
    ),
    Broken(
        "a misspelt stage method",
        "effect",
        (("def forward(", "def forwrd("),),
        ("acts nowhere", "it has 'forwrd'; is 'forward' meant?"),
        ("correct what the errors name",),
    ),
    Broken(
        "an import that fails",
        "registration",
        (("import keras\n", "import keras\nimport no_such_package\n"),),
        ("cannot be loaded", "No module named 'no_such_package'", "activation_noise.py:6"),
        ("correct what the message names", "install the distribution again"),
    ),
    Broken(
        "sys.exit at import",
        "registration",
        (("__all__ =", "import sys\n\nsys.exit('needs a licence')\n\n__all__ ="),),
        ("SystemExit: needs a licence", "activation_noise.py:14"),
        ("correct what the message names",),
    ),
    Broken(
        "another's id",
        "registration",
        ((_INIT, f"{_INIT}\n\n    registered_name = 'other-plugin:activation_noise'"),),
        ("the class calls itself 'other-plugin:activation_noise'",),
        ("correct what the message names",),
    ),
    Broken(
        "an entry point that is not named as the class",
        "registration",
        (),
        ("it is named 'noise'",),
        ('write activation_noise = "road_noise.activation_noise:ActivationNoise"',),
        {"groups": {"regkit.techniques": {"noise": TARGET}}},
    ),
    Broken(
        "an option without bounds",
        "declared_options",
        (("stddev: Strength = 0.1", "stddev=0.1"),),
        ("option 'stddev' declares no constraint",),
        ("stddev: Strength = 0.1", "regkit.core.options"),
    ),
    Broken(
        "noise at inference",
        "validation",
        _event(
            "def on_train_begin(self, logs=None):",
            '    layer = self.model.get_layer("hidden")',
            "    call = layer.call",
            "    layer.call = lambda x, **options: call(x, **options) + 0.1",
        ),
        ("where the model without the technique has",),
        ("act in the stage methods only",),
    ),
    Broken(
        "a draw without the seed",
        "seed",
        (
            ("import keras\n", "import keras\nimport numpy as np\n"),
            (_DRAW, "context.value(self.stddev) * np.random.normal(size=x.shape[1:])"),
        ),
        ("they differ",),
        ("draw by context.draws",),
    ),
    Broken(
        "a variable left on the model",
        "detach",
        _event(
            "def on_train_begin(self, logs=None):",
            "    self.model.noise_level = keras.Variable(0.1, trainable=False)",
        ),
        ("noise_level",),
        ("keep nothing on the model",),
    ),
    Broken(
        "an option that JSON does not take",
        "config",
        ((_INIT, f"{_INIT}\n        self.stddev = ops.convert_to_numpy(stddev)"),),
        ("array(0.1) of type ndarray has no JSON form",),
        ("return plain Python values",),
    ),
    Broken(
        "a change at zero strength",
        "zero_strength",
        _event(
            "def on_epoch_end(self, epoch, logs=None):",
            "    for weight in self.model.trainable_variables:",
            "        weight.assign(0.99 * weight)",
        ),
        ("logs or weights differ",),
        ("let its host events (on_epoch_end, …) do nothing either where self.is_neutral()",),
    ),
    Broken(
        "a dtype that is taken for granted",
        "dtypes",
        (("return x * ops.cast(1 + noise, x.dtype)", 'return ops.cast(x, "float32") * (1 + noise)'),),
        ("float32",),
        ("x + ops.cast(noise, x.dtype)",),
    ),
    Broken(
        "a strength that is taken for a number",
        "effect",
        (("context.value(self.stddev)", "1.0 * self.stddev"),),
        ("is reckoned with within the step", "Read it by context.value(self.stddev)"),
        ("correct what the errors name",),
    ),
    Broken(
        "a count that is no declared state",
        "pure_stages",
        (
            (_INIT, f"{_INIT}\n        self.count = 0"),
            (f"        {_END}", f"        self.count = self.count + 1\n        {_END}"),
        ),
        ("self.count",),
        ('initial_state returns {"count": …}', 'context.state["count"]'),
    ),
)  # fmt: skip


# What the metadata say wrongly; the registry finds it without an import.
MISDECLARED = (
    Broken(
        "a module that is not installed",
        "",
        (),
        ("there is no module 'road_noises'",),
        (),
        {"groups": {"regkit.techniques": {"activation_noise": "road_noises:ActivationNoise"}}},
    ),
    Broken(
        "a group that is misspelt",
        "",
        (),
        ("'regkit.technique' is not known", "did you mean 'regkit.techniques'?"),
        (),
        {"groups": {**TECHNIQUES, "regkit.technique": {"other": TARGET}}},
    ),
    Broken(
        "a name with capitals or hyphens",
        "",
        (),
        ("a name is a letter a to z, then letters, digits and underscores",),
        (),
        {"groups": {"regkit.techniques": {"Activation-Noise": TARGET}}},
    ),
    Broken(
        "a name that is there twice",
        "",
        (),
        ("registers two techniques of this name",),
        (),
        {"groups": {"regkit.techniques": f"a = {TARGET}\na = {TARGET}"}},
    ),
    Broken(
        "another regkit than it needs",
        "",
        (),
        ("it needs keras-regkit>=99; this is ",),
        (),
        {"requires": ["keras-regkit>=99"]},
    ),
    Broken(
        "no word about the regkit that it needs",
        "",
        (),
        ("it does not say which regkit it needs",),
        (),
        {"requires": []},
    ),
)  # fmt: skip


def install_broken(site, text, broken):
    """Install the plugin into a folder on the path, with one thing wrong."""
    files = {f"{PACKAGE}/__init__.py": "", CHANGED: changed(text, broken.changes)}
    options = {"groups": TECHNIQUES, "requires": ["keras-regkit>=0.1"], **broken.install}
    install(site, NAME, "0.1.0", files=files, **options)
