"""Techniques that remember in the wrong place."""

from keras import ops

from regkit.core.technique import Technique


class CountsInTrace(Technique):
    """Python-side state that is changed while the step is traced."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def data(self, batch, context):
        self.count += 1
        return batch.replace(x=batch.x / self.count)


class CollectsInTrace(Technique):
    def __init__(self) -> None:
        super().__init__()
        self.seen = []

    def gradient(self, gradients, context):
        self.seen.append(gradients)
        return [0.5 * one for one in gradients]


class HalvesOnce(Technique):
    """Forgets state at resume, and between fits: halves the weights after its second epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1
        if self.epochs == 2:
            self.model.set_weights([0.5 * one for one in self.model.get_weights()])


class ForgetsAtResume(HalvesOnce):
    def on_train_begin(self, logs=None):
        self.epochs = 0


class SaysOtherAtResume(Technique):
    """Gives a backup what it does not take back."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = []

    def on_train_begin(self, logs=None):
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(epoch)

    def host_state(self):
        return {"seen": self.seen}


class EndsAtOnce(Technique):
    def penalty(self, context):
        return 0.1 * sum(ops.sum(ops.square(one)) for one in context.values)

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = True


CAUGHT = {
    "pure_stages": {
        CountsInTrace: r"data: self.count.*initial_state returns \{\"count\": …\}",
        CollectsInTrace: "gradient: self.seen.*initial_state",
    },
    "new_fit": {HalvesOnce: "acts in the next as a new one.*on_train_begin"},
    "resume": {
        ForgetsAtResume: "the weights differ.*host_state",
        SaysOtherAtResume: r"host_state\(\) is {'seen': \[0, 1, 2\]}.*set_host_state",
        EndsAtOnce: "gets to its second.*checked_as",
    },
}
