"""Strengths that are not what they say at zero, or by schedule."""

from typing import Annotated, Any

from keras import ops

from regkit.core.options import Real, Strength
from regkit.core.technique import Technique


class SilentOnNeutral(Technique):
    """Has a strength whose zero does nothing, and does not declare it."""

    def __init__(self, strength: Annotated[float, Real(0)] = 0.1) -> None:
        super().__init__()
        self.strength = strength

    def penalty(self, context):
        return self.strength * sum(ops.sum(ops.square(one)) for one in context.values)


class ActsAtZero(Technique):
    """Changes the model from the host, whatever the strength."""

    def __init__(self, strength: Strength = 0.1) -> None:
        super().__init__()
        self.strength = strength

    def on_epoch_end(self, epoch, logs=None):
        self.model.set_weights([0.9 * one for one in self.model.get_weights()])


class NeverNeutral(ActsAtZero):
    def is_neutral(self):
        return False


class CrowdsOut(Technique):
    """At zero does nothing by itself, but ends the fit of the others."""

    def __init__(self, strength: Strength = 0.1) -> None:
        super().__init__()
        self.strength = strength

    def penalty(self, context):
        return context.value(self.strength) * sum(ops.sum(one**2) for one in context.values)

    def on_train_batch_end(self, batch, logs=None):
        if self.strength == 0 and self.model.history.params.get("verbose") == 0:
            self.model.stop_training = True


class OffsetAtZero(Technique):
    """Changes the inputs when the strength is 0, where that comes by a schedule."""

    def __init__(self, strength: Strength = 0.1) -> None:
        super().__init__()
        self.strength = strength

    def data(self, batch, context):
        return batch.replace(x=0.9 * batch.x + context.value(self.strength))


class RootAtZero(Technique):
    """Has an infinite gradient where the strength passes through 0."""

    def __init__(self, strength: Strength = 0.1) -> None:
        super().__init__()
        self.strength = strength

    def penalty(self, context):
        strength = ops.convert_to_tensor(context.value(self.strength), "float32")
        return sum(ops.sqrt(ops.sum(ops.square(strength * one))) for one in context.values)


class CallsTheSchedule(Technique):
    """Asks a schedule for its value itself, at a step of its own."""

    def __init__(self, strength: Strength = 0.1) -> None:
        super().__init__()
        self.strength = strength

    def penalty(self, context):
        strength = self.strength(0) if callable(self.strength) else context.value(self.strength)
        return strength * sum(ops.sum(ops.square(one)) for one in context.values)


class OtherBySchedule(Technique):
    def __init__(self, strength: Annotated[Any, Real(0, neutral=0, schedule=True)] = 0.1) -> None:
        super().__init__()
        self.strength = strength

    def penalty(self, context):
        factor = 2.0 if callable(self.strength) else 1.0
        return (
            factor * context.value(self.strength) * sum(ops.sum(one**2) for one in context.values)
        )


CAUGHT = {
    "zero_strength": {
        SilentOnNeutral: "no option declares a neutral value.*Strength or Rate",
        ActsAtZero: "strength=0.* equals one without it.*host events",
        NeverNeutral: "is_neutral.* is True.*leave is_neutral to Technique",
        CrowdsOut: "strength=0.*host events",
    },
    "schedule": {
        OffsetAtZero: "where the schedule of strength is 0, the step is a plain one.*multiply by",
        RootAtZero: "stay finite where the schedule of strength passes through 0.*ops.sqrt",
        CallsTheSchedule: "strength as a schedule trains.*context.value",
        OtherBySchedule: "equals one with strength=0.1.*context.value",
    },
}
