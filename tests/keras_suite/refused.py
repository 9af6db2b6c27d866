"""The tests of Keras' in which regkit refuses to train, each with the reason."""

from __future__ import annotations

from tests.keras_suite.judging import Refused

__all__ = ["REFUSED"]


def _distillation(test: str) -> Refused:
    return Refused(
        f"distillation/{test}",
        "the model computes its own loss from targets of shape",
        reason="Distiller.compute_loss hands the targets, class numbers here, to the losses of its "
        "student. What TARGET makes of class numbers are probabilities, which these losses do not "
        "expect.",
        techniques=("inert_target",),
    )


REFUSED = [
    _distillation("distillation_loss_test.py::TestEndToEndDistillation::" + name)
    for name in (
        "test_feature_distillation_end_to_end",
        "test_logits_distillation_end_to_end",
        "test_multi_distillation_loss_distillation_end_to_end",
    )
] + [
    _distillation("distiller_test.py::TestDistiller::" + name)
    for name in (
        "test_evaluation_workflow",
        "test_full_training_workflow",
        "test_multi_distillation_loss_functionality",
        "test_student_loss_weighting",
    )
]
