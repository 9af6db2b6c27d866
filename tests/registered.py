"""Every built-in technique at an effective and at its neutral value; the suites run over this."""

import regkit

EFFECTIVE = {
    "dropout": lambda: regkit.Dropout(0.4, layers="hidden"),
    "elastic_net": lambda: regkit.ElasticNet(0.02),
    "gaussian_noise": lambda: regkit.GaussianNoise(0.2),
    "l1": lambda: regkit.L1(0.02),
    "l2": lambda: regkit.L2(0.02),
    "label_smoothing": lambda: regkit.LabelSmoothing(0.2),
    "weight_decay": lambda: regkit.WeightDecay(0.05),
    "weight_decay_decoupled": lambda: regkit.WeightDecay(0.05, decoupled=True),
}


def scheduled(schedule):
    """Every built-in at one strength: a schedule, or a number."""
    return {
        "dropout": regkit.Dropout(schedule, layers="hidden"),
        "elastic_net": regkit.ElasticNet(schedule),
        "gaussian_noise": regkit.GaussianNoise(schedule),
        "l1": regkit.L1(schedule),
        "l2": regkit.L2(schedule),
        "label_smoothing": regkit.LabelSmoothing(schedule),
        "weight_decay": regkit.WeightDecay(schedule),
        "weight_decay_decoupled": regkit.WeightDecay(schedule, decoupled=True),
    }


NEUTRAL = {name: lambda name=name: scheduled(0.0)[name] for name in EFFECTIVE}


def all_together():
    """One recipe that acts at every stage."""
    return [EFFECTIVE[name]() for name in EFFECTIVE]
