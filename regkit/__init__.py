"""Regularization for any Keras 3 model: one line in `model.fit` for each technique.

    model.fit(x, y, callbacks=[regkit.L2(1e-4), regkit.LabelSmoothing(0.1)])

Names load when they are first used: importing regkit imports neither Keras nor a backend.
"""

import importlib

__version__ = "0.1.0"

# The names that are no techniques, and the modules where they are.
_TOOLS = {
    "Recipe": "regkit.core.recipe",
    "RegkitError": "regkit.core.errors",
    "Technique": "regkit.core.technique",
    "audit": "regkit.auditing.audit_run",
    "augment": "regkit.augmenting.augment",
    "bias_variance": "regkit.comparison.strengths.bias_variance_run",
    "compare": "regkit.comparison.run",
    "explain": "regkit.core.recipe",
    "fit_members": "regkit.core.members.fit",
    "load_model": "regkit.core.model_loading",
    "mc_predict": "regkit.techniques.dropout.monte_carlo",
    "path": "regkit.comparison.strengths.path_run",
    "pretrain": "regkit.models.layerwise",
    "preview": "regkit.previewing.looking",
}
_TECHNIQUES = {
    # techniques: begin (make tables)
    "AugMix": "regkit.techniques.augmentation.aug_mix",
    "Brightness": "regkit.techniques.augmentation.brightness",
    "Contrast": "regkit.techniques.augmentation.contrast",
    "CutMix": "regkit.techniques.augmentation.cut_mix",
    "Cutout": "regkit.techniques.augmentation.cutout",
    "DropConnect": "regkit.techniques.dropout.drop_connect",
    "Dropout": "regkit.techniques.dropout.dropout",
    "EarlyStopping": "regkit.techniques.early_stopping.early_stopping",
    "ElasticDistortion": "regkit.techniques.augmentation.elastic_distortion",
    "ElasticNet": "regkit.techniques.penalties.elastic_net",
    "Flip": "regkit.techniques.augmentation.flip",
    "GaussianNoise": "regkit.techniques.noise.gaussian_noise",
    "GradientNoise": "regkit.techniques.noise.gradient_noise",
    "L1": "regkit.techniques.penalties.l1",
    "L2": "regkit.techniques.penalties.l2",
    "LabelSmoothing": "regkit.techniques.labels.label_smoothing",
    "MaskingNoise": "regkit.techniques.noise.masking_noise",
    "MixUp": "regkit.techniques.augmentation.mix_up",
    "RandAugment": "regkit.techniques.augmentation.rand_augment",
    "RandomCrop": "regkit.techniques.augmentation.random_crop",
    "RandomErasing": "regkit.techniques.augmentation.random_erasing",
    "Rotation": "regkit.techniques.augmentation.rotation",
    "SaltAndPepper": "regkit.techniques.noise.salt_and_pepper",
    "ScaleCrop": "regkit.techniques.augmentation.scale_crop",
    "Shear": "regkit.techniques.augmentation.shear",
    "Translation": "regkit.techniques.augmentation.translation",
    "TrivialAugment": "regkit.techniques.augmentation.trivial_augment",
    "WeightDecay": "regkit.techniques.penalties.weight_decay",
    "WeightNoise": "regkit.techniques.noise.weight_noise",
    # techniques: end
}
_MODULES = ("ensembles", "layers", "models")

_PLACES = {**_TOOLS, **_TECHNIQUES}

__all__ = sorted([*_PLACES, *_MODULES, "__version__"])


def __getattr__(name: str) -> object:
    if name in _PLACES:
        value = getattr(importlib.import_module(_PLACES[name]), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return importlib.import_module(f"regkit.{name}")
    from regkit.core.errors import suggest

    raise AttributeError(f"module 'regkit' has no attribute {name!r}{suggest(name, __all__)}")


def __dir__() -> list[str]:
    return __all__
