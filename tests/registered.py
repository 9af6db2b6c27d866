"""Every built-in technique at an effective and at its neutral value; the suites run over this."""

import regkit

EFFECTIVE = {
    "drop_connect": lambda: regkit.DropConnect(0.4, layers="hidden"),
    "dropout": lambda: regkit.Dropout(0.4, layers="hidden"),
    "early_stopping": lambda: regkit.EarlyStopping(
        "loss", patience=1, min_delta=100.0, verbose=0
    ),  # returns to the first epoch
    "elastic_distortion": lambda: regkit.ElasticDistortion(5.0, 1.0),
    "elastic_net": lambda: regkit.ElasticNet(0.02),
    "gaussian_noise": lambda: regkit.GaussianNoise(0.2),
    "l1": lambda: regkit.L1(0.02),
    "l2": lambda: regkit.L2(0.02),
    "label_smoothing": lambda: regkit.LabelSmoothing(0.2),
    "weight_decay": lambda: regkit.WeightDecay(0.05),
    "weight_decay_decoupled": lambda: regkit.WeightDecay(0.05, decoupled=True),
}


# One that ends training or returns to earlier weights would hide what others beside it do.
LOOKING_ON = {
    "early_stopping": lambda: regkit.EarlyStopping("loss", restore_best_weights=False, verbose=0),
}
BESIDE_OTHERS = EFFECTIVE | LOOKING_ON


def scheduled(schedule):
    """Every built-in that has a strength, at one strength: a schedule, or a number."""
    return {
        "drop_connect": regkit.DropConnect(schedule, layers="hidden"),
        "dropout": regkit.Dropout(schedule, layers="hidden"),
        "elastic_distortion": regkit.ElasticDistortion(schedule, 1.0),
        "elastic_net": regkit.ElasticNet(schedule),
        "gaussian_noise": regkit.GaussianNoise(schedule),
        "l1": regkit.L1(schedule),
        "l2": regkit.L2(schedule),
        "label_smoothing": regkit.LabelSmoothing(schedule),
        "weight_decay": regkit.WeightDecay(schedule),
        "weight_decay_decoupled": regkit.WeightDecay(schedule, decoupled=True),
    }


NEUTRAL = {name: lambda name=name: scheduled(0.0)[name] for name in scheduled(0.0)}


def all_together():
    """One recipe that acts at every stage."""
    return [make() for make in BESIDE_OTHERS.values()]
