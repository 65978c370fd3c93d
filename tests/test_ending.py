"""The rules of the end, told what happened and when: no process, no clock."""

import signal

from terminal.ending import (
    GAP_UNKILLABLE,
    GAP_UNREAD,
    Ending,
    Intervals,
    Verdict,
)

RULES = Intervals(quiet_s=1.0, linger_s=5.0, grace_s=1.0)


def ending(*, exited_at=None):
    state = Ending(RULES)
    if exited_at is not None:
        state.leader_exited(exited_at)
    return state


def test_end_of_file_alone_is_not_the_end():
    state = ending()
    state.met_eof()
    assert state.verdict(100.0, reading=True) is None
    assert state.next_moment(reading=True) is None


def test_the_exit_alone_is_not_the_end():
    state = ending(exited_at=10.0)
    assert state.verdict(10.0, reading=True) is None
    state.met_eof()
    assert state.verdict(10.0, reading=True) == Verdict()


def test_an_end_of_file_from_before_the_exit_must_be_met_again():
    state = ending()
    state.met_eof()
    state.leader_exited(10.0)
    assert state.verdict(10.0, reading=True) is None


def test_silent_survivors_end_after_a_while_without_output():
    state = ending(exited_at=10.0)
    state.drained()
    assert state.next_moment(reading=True) == 11.0
    state.heard(10.8, 100)
    assert state.verdict(11.5, reading=True) is None
    assert state.next_moment(reading=True) == 11.8
    verdict = state.verdict(11.8, reading=True)
    assert verdict.survivors
    assert "silent for 1 s" in verdict.gap


def test_survivors_that_keep_writing_are_cut():
    state = ending(exited_at=10.0)
    for tenth in range(50):
        state.drained()
        state.heard(10 + tenth / 10, 100)
        assert state.verdict(10 + tenth / 10, reading=True) is None
    verdict = state.verdict(15.0, reading=True)
    assert verdict.survivors
    assert "kept writing to its terminal; cut 5 s" in verdict.gap


def test_a_slow_reader_loses_nothing_of_what_the_leader_wrote():
    state = ending(exited_at=10.0)
    state.heard(19.0, 65_536)
    assert state.verdict(19.0, reading=True) is None, "never drained since: it may all be the leader's"
    state.heard(20.0, 2 << 20)
    assert state.verdict(20.0, reading=True).survivors, "more than a kernel holds: survivors write it"


def test_a_pause_is_neither_silence_nor_lingering():
    state = ending(exited_at=10.0)
    state.drained()
    assert state.verdict(100.0, reading=False) is None
    assert state.next_moment(reading=False) is None
    state.resumed(100.0)
    assert state.verdict(100.0, reading=True) is None
    state.drained()
    assert state.verdict(101.0, reading=True).survivors


def test_stopping_tells_three_times():
    state = ending()
    assert state.next_signal(10.0) is None
    state.stop(10.0)
    state.stop(10.5)
    assert state.next_signal(10.0) == signal.SIGHUP
    assert state.next_signal(10.9) is None
    assert state.next_moment(reading=True) == 11.0
    assert state.next_signal(11.0) == signal.SIGTERM
    assert state.next_signal(12.0) == signal.SIGKILL
    assert state.verdict(12.9, reading=True) is None
    assert state.next_signal(13.0) is None
    assert state.verdict(13.0, reading=True) == Verdict(gap=GAP_UNKILLABLE)


def test_stopping_survivors_goes_on_until_nobody_is_left():
    state = ending(exited_at=10.0)
    state.drained()
    state.stop(10.0)
    assert state.next_signal(10.0) == signal.SIGHUP
    assert state.verdict(20.0, reading=True) is None, "they are still to be told twice"
    state.nobody_left(20.0)
    assert state.next_signal(30.0) is None
    assert state.verdict(20.0, reading=True).survivors, "others hold the terminal, out of our reach"


def test_stopping_while_reading_is_paused_ends_too():
    state = ending(exited_at=10.0)
    state.stop(10.0)
    state.nobody_left(10.0)
    assert state.verdict(10.5, reading=False) is None
    assert state.next_moment(reading=False) == 11.0
    assert state.verdict(11.0, reading=False) == Verdict(gap=GAP_UNREAD)
