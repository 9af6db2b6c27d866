"""EarlyStopping in Keras' loop: where it stops, what it leaves, and that it disturbs nothing."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import regkit
from regkit.core.errors import ConflictError, OptionError, RecipeError, SelectionError
from tests import models

FEATURES, CLASSES = 6, 3


def examples(count, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, FEATURES)).astype("float32"), rng.integers(0, CLASSES, count)


X, Y = examples(40, seed=0)  # five steps an epoch
VALIDATION = examples(13, seed=1)


class Jitter(keras.layers.Layer):
    """Draws in evaluation too, so that an evaluation moves the state of a seed."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(5)

    def call(self, x):
        return x + 0.1 * keras.random.normal(keras.ops.shape(x), seed=self.seeds)


def network(optimizer=None, jitter=False, metrics=("accuracy",), **options):
    layers = [models.dense(5, "hidden", 1, activation="relu"), keras.layers.BatchNormalization()]
    layers += [keras.layers.Dropout(0.2, seed=3), *([Jitter()] if jitter else [])]
    out = models.dense(CLASSES, "out", 2, activation="softmax")
    model = keras.Sequential([keras.Input((FEATURES,)), *layers, out])
    optimizer = keras.optimizers.Adam(0.05) if optimizer is None else optimizer
    options.setdefault("jit_compile", keras.backend.backend() == "jax")  # TensorFlow is faster so
    return models.compiled(model, optimizer=optimizer, metrics=list(metrics), **options)


def steps(every=2, **options):
    settings = {"validation_data": VALIDATION, "verbose": 0}
    return regkit.EarlyStopping(every=every, **settings | options)


def fit(model, callbacks, **options):
    return models.fit(model, X, Y, callbacks, **{"epochs": 3} | options)


class Recorder(keras.callbacks.Callback):
    """Notes the weights after every step or epoch, statistics of normalization included."""

    def __init__(self, by="step"):
        super().__init__()
        self.weights = []
        setattr(self, f"on_{'train_batch' if by == 'step' else 'epoch'}_end", self.note)

    def note(self, *_, **__):
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()
        self.weights.append([np.array(w) for w in self.model.get_weights()])


# -- a fit that is only events: what is watched is written by hand -----------------------------

WATCHED = None


def drive(curve, *callbacks, epoch_steps=2):
    """Run the events of a fit; the weights after epoch e are all e. Return (last epoch, weights)."""
    global WATCHED
    if WATCHED is None:
        WATCHED = models.compiled(models.sequential(), metrics=["accuracy"])
    model, model_weights = WATCHED, WATCHED.get_weights()
    run = keras.callbacks.CallbackList(
        list(callbacks), model=model, epochs=len(curve), steps=epoch_steps, verbose=0
    )
    model.stop_training = False
    run.on_train_begin()
    for epoch, logs in enumerate(curve):
        run.on_epoch_begin(epoch)
        for step in range(epoch_steps):
            run.on_train_batch_begin(step)
            run.on_train_batch_end(step, {})
        model.set_weights([np.full_like(w, epoch) for w in model_weights])
        run.on_epoch_end(epoch, dict(logs))
        if model.stop_training:
            break
    run.on_train_end()
    left = {float(one) for w in model.get_weights() for one in w.ravel()}
    assert len(left) == 1
    return epoch, left.pop()


NUMBERS = st.integers(1, 12).map(lambda n: n / 8)  # exact in float32, in which Keras compares


@given(
    st.lists(NUMBERS, min_size=1, max_size=15),
    st.fixed_dictionaries(
        {
            "patience": st.integers(0, 4),
            "min_delta": st.sampled_from([0.0, 0.25]),
            "mode": st.sampled_from(["min", "max", "auto"]),
            "start_from_epoch": st.integers(0, 3),
            "restore_best_weights": st.booleans(),
        }
    ),
)
def test_it_agrees_with_keras_early_stopping(curve, options):
    logs = [{"val_loss": value} for value in curve]
    theirs = keras.callbacks.EarlyStopping("val_loss", **options)
    ours = regkit.EarlyStopping("val_loss", **options, verbose=0)
    expected = drive(logs, theirs)
    assert drive(logs, ours) == expected
    if len(curve) > options["start_from_epoch"]:
        assert ours.best_epoch == (theirs.best_epoch)
        assert ours.best_value == theirs.best
    if options["start_from_epoch"] == 0 or theirs.stopped_epoch:
        assert (ours.stopped_epoch or 0) == theirs.stopped_epoch


@settings(max_examples=15)
@given(st.lists(NUMBERS, min_size=3, max_size=10), st.sampled_from(["min", "max"]))
def test_it_agrees_with_model_checkpoint_and_reduce_lr_on_plateau(tmp_path_factory, curve, mode):
    folder = tmp_path_factory.mktemp("checkpoints")
    checkpoint = keras.callbacks.ModelCheckpoint(
        str(folder / "{epoch}.weights.h5"), monitor="val_loss", mode=mode,
        save_best_only=True, save_weights_only=True,
    )  # fmt: skip
    rates = []
    plateau = keras.callbacks.ReduceLROnPlateau(
        "val_loss", factor=0.5, patience=2, mode=mode, min_delta=0.0
    )
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: rates.append(logs["learning_rate"])
    )
    ours = regkit.EarlyStopping("val_loss", patience=2, mode=mode, verbose=0)
    last, best = drive([{"val_loss": v} for v in curve], ours, checkpoint, plateau, note)
    saved = [int(path.name.split(".")[0]) - 1 for path in folder.iterdir()]
    assert ours.best_epoch == best == max(saved)
    reduced = float(WATCHED.optimizer.learning_rate) < rates[0]
    assert reduced == (ours.stopped_epoch == last)
    WATCHED.optimizer.learning_rate = 0.01


def test_several_monitors_a_rule_and_a_list_of_modes():
    curve = [(0.5, 3.0), (0.75, 2.0), (0.75, 1.0), (0.75, 1.5), (0.5, 0.0)]
    logs = [{"val_accuracy": a, "val_loss": b, "loss": b} for a, b in curve]
    ties = regkit.EarlyStopping(["val_accuracy", "val_loss"], mode=["max", "min"], verbose=0)
    assert drive(logs, ties) == (4, 2.0)
    assert ties.history == [(2 * n + 2, a) for n, (a, _) in enumerate(curve)]
    assert (ties.best_step, ties.best_epoch, ties.best_value) == (6, 2, 0.75)

    def gap(logs):
        return logs["val_loss"] - logs["val_accuracy"]

    rule = regkit.EarlyStopping(gap, mode="min", patience=1, verbose=0)
    assert drive(logs, rule) == (3, 2.0)
    assert rule.reason == "gap did not improve in 1 evaluation"
    assert drive(logs, regkit.EarlyStopping([gap, "val_loss"], mode="min", verbose=0))[1] == 4.0


@pytest.mark.parametrize(
    ("criterion", "stopped", "why"),
    [
        ("up", 4, "val_loss rose in 2 successive evaluations"),
        ("gl", 3, "val_loss is 20 % above its lowest value, more than alpha=8"),
        ("pq", 3, "a quotient of 12, more than alpha=8"),
    ],
)
def test_the_other_criteria(criterion, stopped, why):
    curve = [(1.0, 1.0), (0.5, 0.5), (0.5, 0.5), (0.6, 0.4983361), (0.7, 0.49)]
    options = {"criterion": criterion, "patience": 2, "alpha": 8.0, "strip": 2, "verbose": 0}
    stopping = regkit.EarlyStopping(**options)
    assert drive([{"val_loss": v, "loss": t} for v, t in curve], stopping) == (stopped, 1.0)
    assert why in stopping.reason


def test_a_validation_every_other_epoch():
    logs = [{"loss": 1.0}, {"val_loss": 1.0}, {"loss": 1.0}, {"val_loss": 2.0}, {"loss": 1.0}]
    stopping = regkit.EarlyStopping(patience=1, validation_freq=2, verbose=0)
    assert drive(logs, stopping) == (3, 1.0)
    assert drive(logs, regkit.EarlyStopping(patience=1, validation_freq=[2, 4], verbose=0))[0] == 3


def test_one_object_serves_two_fits():
    stopping = regkit.EarlyStopping(patience=1, verbose=0)
    rising = [{"val_loss": 1.0}, {"val_loss": 2.0}, {"val_loss": 3.0}]
    assert drive(rising, stopping) == drive(rising, stopping) == (1, 0.0)
    assert stopping.history == [(2, 1.0), (4, 2.0)]


# -- in a real fit -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [{"jit_compile": "auto"}, {"jit_compile": False, "run_eagerly": True}],
    ids=["compiled", "eager"],
)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside"])
def test_evaluating_inside_the_epoch_disturbs_nothing(how, beside):
    """The same weights and history, bit for bit, shuffling and a seed that evaluation moves."""

    def run(*watching):
        keras.utils.set_random_seed(1)
        others = [regkit.L2(0.01), regkit.Dropout(0.3, layers="hidden", seed=1)] if beside else []
        model = network(jitter=True, **how)
        history = fit(
            model, [*watching, *others], epochs=2, shuffle=True, validation_data=VALIDATION
        )
        generators = [one for layer in model._flatten_layers() for one in layer._seed_generators]
        seeds = [keras.ops.convert_to_numpy(one.state) for one in generators]
        return history.history, models.values(model) + seeds

    stopping = steps(patience=100, restore_best_weights=False)
    history, weights = run(stopping)
    plain_history, plain_weights = run()
    assert [step for step, _ in stopping.history] == [2, 4, 6, 8, 10]
    assert history == plain_history
    models.same(weights, plain_weights)


def test_the_logs_of_every_step_and_the_mode_of_the_module_stay(backend):
    def run(*watching):
        seen = []

        def note(batch, logs):
            modes = [m.training for m in model.modules()] if backend == "torch" else None
            seen.append((dict(logs), modes))

        model = network()
        fit(model, [*watching, keras.callbacks.LambdaCallback(on_train_batch_end=note)])
        return seen

    assert run(steps(every=1, patience=100, restore_best_weights=False)) == run()


def test_an_evaluation_that_fails_leaves_the_fit_as_it_was(backend):
    from regkit.core.seam.evaluation import evaluate

    def run(failing):
        def note(batch, logs):
            if failing:
                with pytest.raises(Exception):  # noqa: PT011  # each backend has its own
                    evaluate(model, (X[:, :2], Y))

        model = network()
        watch = keras.callbacks.LambdaCallback(on_train_batch_end=note)
        return fit(model, [watch], epochs=1).history, models.values(model)

    (history, weights), (plain_history, plain_weights) = run(True), run(False)
    assert history == plain_history
    models.same(weights, plain_weights)


@pytest.mark.parametrize("restore", [True, False])
def test_it_stops_at_a_step_inside_the_epoch(restore):
    model, recorder = network(), Recorder()
    stopping = steps(min_delta=10.0, patience=3, restore_best_weights=restore)
    history = fit(model, [stopping, recorder], validation_data=VALIDATION)
    assert (stopping.stopped_step, stopping.stopped_epoch) == (8, 1)
    assert (stopping.best_step, stopping.best_epoch) == (2, 0)
    assert int(model.optimizer.iterations) == len(recorder.weights) == 8
    assert len(history.history["loss"]) == 2
    models.same(models.values(model), recorder.weights[1 if restore else 7])
    assert not vars(model).keys() & {"make_train_function", "save_weights", "load_weights"}


@pytest.mark.parametrize("every", ["epoch", 2])
def test_the_best_weights_come_back_also_after_the_last_epoch(every):
    given = iter([3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 5.0])

    def valley(logs):
        return next(given)

    model, recorder = network(), Recorder("epoch" if every == "epoch" else "step")
    stopping = steps(every, monitor=valley, mode="min", patience=100)
    fit(model, [stopping, recorder], epochs=5 if every == "epoch" else 3)
    assert (stopping.best_step, stopping.best_epoch) == ((15, 2) if every == "epoch" else (6, 1))
    best = recorder.weights[2 if every == "epoch" else 5]
    models.same(models.values(model), best)
    assert not np.array_equal(best[2], recorder.weights[-1][2])  # what was restored had changed
    assert stopping.reason.startswith("training ran to its last epoch")
    assert stopping.stopped_step is None


def test_what_is_found_at_a_step_is_what_evaluate_finds():
    model, recorder = network(), Recorder()
    stopping = steps(every=3, patience=100, restore_best_weights=False)
    fit(model, [stopping, recorder])
    for step, value in stopping.history:
        model.set_weights(recorder.weights[step - 1])
        assert model.evaluate(*VALIDATION, verbose=0)[0] == pytest.approx(value, rel=1e-5)


def test_by_steps_loss_is_the_mean_since_the_evaluation_before():
    model, seen = network(), []
    each = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda b, logs: seen.append(logs["loss"])
    )
    stopping = steps(every=3, monitor="loss", patience=100)
    fit(model, [stopping, each])
    running = np.array(seen).reshape(3, 5) * np.arange(1, 6)  # the mean of an epoch so far, times n
    single = np.diff(running, axis=1, prepend=0).ravel()
    means = single.reshape(5, 3).mean(axis=1)
    np.testing.assert_allclose([value for _, value in stopping.history], means, rtol=1e-4)


def test_several_steps_an_execution(backend):
    if backend == "torch":
        pytest.skip("PyTorch refuses steps_per_execution > 1 in this Keras")
    model = network(steps_per_execution=3)
    stopping = steps(every=4, patience=100)  # Keras calls after steps 3, 5, 8, 10, …
    fit(model, [stopping])
    assert [step for step, _ in stopping.history] == [5, 8, 13]


def test_another_callback_that_stops():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    stopping = regkit.EarlyStopping("loss", verbose=0)
    fit(network(), [Stop(), stopping])
    assert stopping.reason == "training was stopped by another callback"


# -- data of every form ------------------------------------------------------------------------


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, k):
        return VALIDATION[0][k::2], VALIDATION[1][k::2]


def endless():
    while True:
        yield VALIDATION[0][:8], VALIDATION[1][:8]
        yield VALIDATION[0][8:], VALIDATION[1][8:]


def tensorflow_dataset():
    tf = pytest.importorskip("tensorflow")
    return {"validation_data": tf.data.Dataset.from_tensor_slices(VALIDATION).batch(4)}


def torch_loader():
    import torch

    tensors = [torch.from_numpy(one) for one in VALIDATION]
    data = torch.utils.data.TensorDataset(*tensors)
    return {"validation_data": torch.utils.data.DataLoader(data, batch_size=4)}


DATA = {
    "arrays": lambda: {"validation_data": VALIDATION, "validation_batch_size": 5},
    "list": lambda: {"validation_data": list(VALIDATION)},
    "weighted": lambda: {"validation_data": (*VALIDATION, np.ones(13))},
    "dataset": lambda: {"validation_data": Batches()},
    "generator": lambda: {"validation_data": endless(), "validation_steps": 2},
    "tf.data": tensorflow_dataset,
    "torch": torch_loader,
}


@pytest.mark.parametrize("form", DATA)
@pytest.mark.parametrize("every", [2, "epoch"])
def test_validation_data_of_every_form(form, every, backend):
    if form in ("tf.data", "torch") and (backend == "torch") != (form == "torch"):
        pytest.skip("TensorFlow and PyTorch in one process")
    out = models.dense(CLASSES, "out", 1, activation="softmax")
    model = keras.Sequential([keras.Input((FEATURES,)), out])
    models.compiled(model, optimizer=keras.optimizers.SGD(0.0))  # so that nothing moves
    stopping = regkit.EarlyStopping(every=every, verbose=0, **DATA[form]())
    fit(model, [stopping], epochs=2)
    expected = model.evaluate(*VALIDATION, verbose=0)
    found = [value for _, value in stopping.history]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert len(found) == (5 if every == 2 else 2)
    assert "\n" not in repr(stopping)


def test_dicts_and_a_metric_of_one_output():
    x, y = models.two_by_two_data()
    model = models.two_by_two()
    losses = {"label": "sparse_categorical_crossentropy", "value": "mse"}
    models.compiled(model, loss=losses, metrics={"label": ["accuracy"]})
    monitors = ["val_label_accuracy", "val_label_loss"]
    stopping = regkit.EarlyStopping(monitors, 2, validation_data=(x, y), verbose=0)
    models.fit(model, x, y, [stopping])
    assert stopping._course.modes == ("max", "min")
    assert len(stopping.history) == 3


# -- resuming ----------------------------------------------------------------------------------


class Killed(BaseException):
    pass


class Kill(keras.callbacks.Callback):
    def __init__(self, event, epoch=None):
        super().__init__()
        self.epoch = epoch
        setattr(self, event, self.kill)

    def kill(self, epoch=None, logs=None):
        if self.epoch in (None, epoch):
            raise Killed


RUNS = {
    "epoch": lambda: regkit.EarlyStopping(patience=2, min_delta=0.5, verbose=0),
    "steps": lambda: steps(every=4, patience=3, min_delta=10.0),
    "best": lambda: steps(every=2, patience=4),
    "pq": lambda: steps(every=2, criterion="pq", strip=10, alpha=0.0),
    "not_restoring": lambda: steps(every=4, patience=3, min_delta=10.0, restore_best_weights=False),
}
WHOLE = {}


def run(name, folder, backup_first, *others):
    """Return how a run with a backup ended and its weights, or None where it was killed."""
    keras.utils.set_random_seed(0)
    model = network(keras.optimizers.SGD(0.5))
    stopping, backup = RUNS[name](), keras.callbacks.BackupAndRestore(folder)
    pair = [backup, stopping] if backup_first else [stopping, backup]
    try:
        fit(model, [*others, *pair], epochs=8, validation_data=VALIDATION)
    except Killed:
        return None
    words = ("stopped_step", "stopped_epoch", "best_step", "best_value", "history", "reason")
    return {word: getattr(stopping, word) for word in words}, models.values(model)


RESUMED = [
    ("epoch", "in", "backup first"), ("epoch", "in", "backup last"), ("epoch", "end", "backup last"),
    ("steps", "in", "backup first"), ("steps", "end", "backup first"),
    ("best", "in", "backup last"), ("pq", "in", "backup first"),
    ("not_restoring", "end", "backup first"), ("not_restoring", "end", "backup last"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "when", "order"), RESUMED)
def test_a_resumed_run_stops_at_the_same_place_with_the_same_weights(name, when, order, tmp_path):
    """Killed in its third epoch, or between the decision to stop and the end of fit."""
    first = order == "backup first"
    kill = Kill("on_epoch_begin", 2) if when == "in" else Kill("on_train_end")
    if name not in WHOLE:
        WHOLE[name] = run(name, tmp_path / "whole", first)
    found, weights = WHOLE[name]
    assert found["stopped_epoch"] >= 2
    assert run(name, tmp_path / "killed", first, kill) is None
    resumed, resumed_weights = run(name, tmp_path / "killed", first)
    assert resumed == found
    models.same(resumed_weights, weights)


def test_arrays_of_bfloat16_are_saved_exactly():
    keras.config.set_dtype_policy("bfloat16")
    model = models.compiled(models.sequential())
    stopping = regkit.EarlyStopping("loss", verbose=0)
    models.fit(model, *models.data(), [stopping], epochs=1)
    state = stopping.host_state()
    assert all(one.dtype == np.float32 for k, one in state.items() if k.startswith("weight_"))
    before = models.values(model)
    model.set_weights([state[f"weight_{k}"] for k in range(len(before))])
    for one, other in zip(models.values(model), before, strict=True):
        assert (one == other).all()


# -- words -------------------------------------------------------------------------------------


def test_one_line_says_where_why_and_what_is_left(capsys):
    drive([{"val_loss": v} for v in (1.0, 0.5, 2.0)], regkit.EarlyStopping(patience=1))
    assert capsys.readouterr().out == (
        "EarlyStopping: stopped at step 6, in epoch 3: val_loss did not improve in 1 evaluation. "
        "The weights are those of step 4 (epoch 2, val_loss=0.5).\n"
    )
    keep = regkit.EarlyStopping(restore_best_weights=False)
    drive([{"val_loss": v} for v in (1.0, 2.0)], keep)
    assert capsys.readouterr().out == (
        "EarlyStopping: ended at step 4, in epoch 2: training ran to its last epoch, 2. "
        "The best were those of step 2 (epoch 1, val_loss=1); they were not restored.\n"
    )
    drive([{"val_loss": 1.0}], regkit.EarlyStopping(start_from_epoch=3))
    assert capsys.readouterr().out.endswith("last epoch, 1. Nothing was evaluated.\n")
    drive([{"val_loss": np.nan}], regkit.EarlyStopping())
    assert capsys.readouterr().out.endswith("val_loss was never a number.\n")
    drive([{"val_loss": 1.0}], regkit.EarlyStopping(verbose=0))
    assert capsys.readouterr().out == ""


def rule(logs):
    return logs["val_loss"]


REFUSED = {
    r"every=200 counts .* validation_data=\(x, y\).* received validation_data=None": {"every": 200},
    r"mode must be 'min'; accuracy has mode='max'": {
        "monitor": "accuracy", "mode": "max", "criterion": "gl"},
    r"mode must be 'min' or 'max' for a function such as rule": {"monitor": rule},
    r"as many as monitor has entries, 2": {"monitor": ["loss", "val_loss"], "mode": ["min"]},
    r"validation_batch_size belongs to validation_data": {"validation_batch_size": 3},
    r"validation_steps belongs to validation_data": {"validation_steps": 3},
    r"validation_batch_size must be None where": {
        "validation_data": Batches(), "validation_batch_size": 3},
    r"validation_steps must say how many batches to keep of a generator": {"validation_data": endless()},
    r"patience must be a whole number of at least 0; received patience=-1": {"patience": -1},
    r"every must be 'epoch' or a whole number of at least 1; received every=0": {"every": 0},
    r"validation_data must be \(x, y\) or .*; received": {"validation_data": (X, Y[:3])},
    r"validation_data must be \(x, y\) or .* None; received": {"validation_data": X},
    r"criterion must be 'patience' or 'up' or 'gl' or 'pq'": {"criterion": "pg"},
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_options_that_do_not_fit_are_refused_at_once(message):
    with pytest.raises(OptionError, match=message):
        regkit.EarlyStopping(**REFUSED[message])


def test_what_is_not_in_the_logs_is_named_with_what_there_is():
    with pytest.raises(SelectionError) as caught:
        fit(network(), [regkit.EarlyStopping()])
    for part in ("'val_loss'", "at step 5, in epoch 1", "accuracy, loss", "There was no validation",
                 "validation_split", "validation_freq"):  # fmt: skip
        assert part in str(caught.value)
    with pytest.raises(
        SelectionError, match="did you mean 'accuracy'.*Metrics are named in compile"
    ):
        fit(network(), [regkit.EarlyStopping("acuracy", mode="max")])
    with pytest.raises(SelectionError, match="'val_loss' is not among"):
        fit(network(), [regkit.EarlyStopping(rule, mode="min")])
    with pytest.raises(OptionError, match=r"must give a number; none\(logs\) gave None"):
        fit(network(), [regkit.EarlyStopping(none, mode="min")])


def none(logs):
    return None


def test_a_direction_that_nothing_tells_is_asked_for():
    def own(y, p):
        return keras.ops.mean(p)

    with pytest.raises(OptionError, match="mode must be 'min' or 'max' for own"):
        fit(network(metrics=[own]), [regkit.EarlyStopping("own")])
    with pytest.raises(OptionError, match="accuracy has mode='max'"):  # found out by "auto"
        fit(network(), [regkit.EarlyStopping("accuracy", criterion="gl")])


def test_two_that_restore_contradict_each_other():
    with pytest.raises(ConflictError, match="EarlyStopping that restores weights"):
        regkit.Recipe("early_stopping + early_stopping('loss')")
    regkit.Recipe("early_stopping + early_stopping('loss', restore_best_weights=False)")


def test_text():
    text = "early_stopping(monitor=['val_accuracy', 'val_loss'], patience=5, mode=['max', 'min'])"
    assert str(regkit.Recipe(text)) == text
    assert str(regkit.Recipe("early_stopping(patience=5)")) == "early_stopping(patience=5)"
    for stopping in (regkit.EarlyStopping(rule, mode="min"), steps()):
        with pytest.raises(RecipeError, match="has no text form"):
            str(regkit.Recipe([stopping]))
    assert repr(steps()) == "EarlyStopping(every=2, validation_data=<13 examples>, verbose=0)"
    assert "WATCH" in regkit.Recipe([steps()]).explain()
