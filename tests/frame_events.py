"""Short names for evidence events, for the tests of frames."""

from cassette.model import Final, Input, Output, ServiceEvent, Size


def output(t_ms, data):
    return Output(0, t_ms, data)


def typed(t_ms, data=b"x"):
    return Input(0, t_ms, "input", data, source="user")


def terminal_answer(t_ms):
    return Input(0, t_ms, "input", b"\x1b[1;1R", source="terminal")


def resize(t_ms, columns=30, rows=5):
    return Input(0, t_ms, "resize", size=Size(columns, rows))


def signal(t_ms):
    return Input(0, t_ms, "signal", signal="SIGINT")


def mode(t_ms):
    return Input(0, t_ms, "mode", mode={"echo": False})


def mark(t_ms):
    return Input(0, t_ms, "mark", op="screen")


def service(t_ms):
    return ServiceEvent(0, t_ms, {"type": "noted"})


def gap(t_ms):
    return ServiceEvent(0, t_ms, {"type": "gap", "reason": "overrun"})


def final(t_ms):
    return Final(0, t_ms, None, t_ms)
