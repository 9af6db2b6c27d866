"""Progress of members on the terminal: what is counted, and that its end is shown."""

import re

import pytest

from regkit.core.members import progress_bar

pytestmark = pytest.mark.backend_free


def counts(capsys):
    return [int(n) for n in re.findall(r"(\d+)/12\b", capsys.readouterr().out)]


def test_what_is_done_adds_up(monkeypatch):
    calls = []

    class Noted:
        def __init__(self, total, unit_name):
            calls.append((total, unit_name))

        def update(self, done, finalize=False):
            calls.append((done, finalize))

    monkeypatch.setattr(progress_bar.keras.utils, "Progbar", Noted)
    with progress_bar.shown(12, 1, "fit") as done:
        for more in (3, 4, 5):
            done(more)
    assert calls == [(12, "fit"), (3, False), (7, False), (12, True)]


def test_members_that_stop_early_leave_a_full_bar(capsys):
    with progress_bar.shown(12, 1) as done:
        done(2)
    assert counts(capsys)[-1] == 12


def test_a_bar_is_not_ended_where_the_work_was_broken_off(capsys):
    with pytest.raises(KeyboardInterrupt), progress_bar.shown(12, 1) as done:
        done(2)
        raise KeyboardInterrupt
    assert 12 not in counts(capsys)


def test_nothing_is_shown_unless_it_is_asked_for(capsys):
    with progress_bar.shown(12, 0) as done:
        done(12)
    assert capsys.readouterr().out == ""
