"""State: what a technique remembers is declared, and begins afresh with each fit."""

from __future__ import annotations

from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, CheckSkipped
from regkit.testing.subject import Subject

__all__ = ["new_fit", "pure_stages"]


@check()
def pure_stages(subject: Subject) -> None:
    """The stage methods change no attribute: in a compiled step that would happen but once."""
    notes = subject.standard.notes
    if not notes.called:
        raise CheckSkipped("it does not act inside the step")
    if notes.changed:
        attribute = notes.changed[0].partition("self.")[2]
        raise CheckFailed(
            "the stage methods leave the attributes of the technique as they are",
            f"they change them ({'; '.join(notes.changed)})",
            "the methods are traced once and then run compiled, without Python. Carry what lasts "
            f'in declared state: initial_state returns {{"{attribute}": …}}, and the method '
            f'assigns context.state["{attribute}"]; within a step use context.memo',
        )


@check()
def new_fit(subject: Subject) -> None:
    """The same object in a second fit acts as a new one."""
    run = subject.trained(subject.standard.technique)
    if not subject.equals_standard(run):
        raise CheckFailed(
            "a technique that has been in a fit acts in the next as a new one",
            "the weights differ",
            "declare what the step remembers in initial_state, which begins anew with each fit, "
            "and set what the host events remember in on_train_begin",
        )
