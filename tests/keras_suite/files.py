"""Which of Keras' test files run: those whose tests call `fit`, as far as they are cheap."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CORE", "FILES", "present"]

_ALL = ("tensorflow", "jax", "torch")

# A file or folder below keras/src → the backends on which it says something. In the other folders the
# fits are few, or slow (quantized einsum layers take two minutes on TensorFlow).
FILES = {
    "trainers/trainer_test.py": _ALL,
    "callbacks": _ALL,
    "models": _ALL,
    "saving/saving_lib_test.py": _ALL,
    "distillation": _ALL,
    "layers/layer_test.py": _ALL,
    "layers/core/dense_test.py": _ALL,
    "layers/core/embedding_test.py": _ALL,
    "layers/core/identity_test.py": _ALL,
    "layers/core/masking_test.py": _ALL,
    "layers/core/reversible_embedding_test.py": _ALL,
    "layers/convolutional/conv_test.py": _ALL,
    "layers/normalization": _ALL,
    "layers/regularization": _ALL,
    "layers/reshaping/reshape_test.py": _ALL,
    "layers/rnn/bidirectional_test.py": _ALL,
    "layers/rnn/gru_test.py": _ALL,
    "layers/rnn/lstm_test.py": _ALL,
    "layers/rnn/rnn_test.py": _ALL,
    "layers/rnn/time_distributed_test.py": _ALL,
    "backend/common/remat_test.py": _ALL,
    "backend/tensorflow/distribute_test.py": ("tensorflow",),
    "backend/tensorflow/saved_model_test.py": ("tensorflow",),
    "backend/jax/trainer_test.py": ("jax",),
    "utils/jax_layer_test.py": ("jax", "tensorflow"),
    "utils/torch_utils_test.py": ("torch",),
}


# What fits are about; CI runs these.
CORE = ("trainers/trainer_test.py", "callbacks", "models", "backend/jax/trainer_test.py")


def present(source: Path, backend: str, core: bool = False) -> list[str]:
    """Return those for a backend that an installed Keras has: none of a wheel without tests."""
    found = []
    for name, backends in FILES.items():
        if core and name not in CORE:
            continue
        place = source / name
        there = place.is_file() or any(place.glob("**/*_test.py"))
        if backend in backends and there:
            found.append(name)
    return found
