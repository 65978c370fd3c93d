"""Mouse to bytes, in the form that the program asked for: SGR (1006), urxvt (1015) or X10.

Columns and rows are 0-based cells, as everywhere; the bytes count from 1.
"""

from __future__ import annotations

from terminal.keys import ALT, CTRL, META, MODIFIERS, SHIFT
from terminal.modes import Modes

BUTTONS = {
    "left": 0, "middle": 1, "right": 2, "none": 3,
    "wheel_up": 64, "wheel_down": 65, "wheel_left": 66, "wheel_right": 67, "back": 128, "forward": 129,
}  # fmt: skip
_MOTION = 32
_X10_LIMIT = 223
"""Cells that the X10 form can name; a click further away sends nothing, as in xterm."""


class MouseError(ValueError):
    """The program would not get this mouse event; the message says why."""


def encode_mouse(
    action: str, *, column: int, row: int, modes: Modes, button: str = "left", modifiers: str = ""
) -> bytes:
    """One event: `action` is "press", "release", "move" or "wheel" (then `button` is "wheel_up" …).

    `modifiers` is as in "ctrl+shift". Raises `MouseError` when the program has no mouse mode on that reports
    such an event, or for an unknown button, action or modifier.
    """
    code = _button_code(action, button) + _modifier_bits(modifiers)
    _check_reported(action, button, modes)
    if modes.mouse == 9:
        code &= 3
    if modes.mouse_sgr:
        return f"\x1b[<{code};{column + 1};{row + 1}{'m' if action == 'release' else 'M'}".encode()
    if action == "release":
        code = code & ~3 | 3
    if 1015 in modes.private:
        return f"\x1b[{code + 32};{column + 1};{row + 1}M".encode()
    if column >= _X10_LIMIT or row >= _X10_LIMIT:
        return b""
    return b"\x1b[M" + bytes((code + 32, column + 33, row + 33))


def encode_click(
    *, column: int, row: int, modes: Modes, button: str = "left", modifiers: str = "", count: int = 1
) -> bytes:
    """Press and release, `count` times. Raises `MouseError`."""
    data = encode_mouse("press", column=column, row=row, modes=modes, button=button, modifiers=modifiers)
    if modes.mouse != 9:  # X10 mode knows no release
        data += encode_mouse(
            "release", column=column, row=row, modes=modes, button=button, modifiers=modifiers
        )
    return data * count


def encode_wheel(steps: int, *, column: int, row: int, modes: Modes) -> bytes:
    """The wheel: up for negative `steps`, down for positive ones. Raises `MouseError`."""
    button = "wheel_up" if steps < 0 else "wheel_down"
    return encode_mouse("wheel", column=column, row=row, modes=modes, button=button) * abs(steps)


def _button_code(action: str, button: str) -> int:
    if button not in BUTTONS:
        raise MouseError(f"no mouse button is called {button!r}: known are {', '.join(BUTTONS)}")
    if action not in ("press", "release", "move", "wheel"):
        raise MouseError(f"no mouse action is called {action!r}: known are press, release, move, wheel")
    return BUTTONS[button] + (_MOTION if action == "move" else 0)


def _modifier_bits(modifiers: str) -> int:
    bits = 0
    for name in filter(None, modifiers.replace("-", "+").lower().split("+")):
        if name not in MODIFIERS:
            raise MouseError(f"no modifier is called {name!r}: known are shift, alt, ctrl")
        bits |= MODIFIERS[name]
    shift, meta, ctrl = bits & SHIFT, bits & (ALT | META), bits & CTRL
    return (4 if shift else 0) + (8 if meta else 0) + (16 if ctrl else 0)


def _check_reported(action: str, button: str, modes: Modes) -> None:
    if not modes.mouse:
        raise MouseError("the program has no mouse mode on (1000, 1002 or 1003): it would not see the mouse")
    if action == "move" and (modes.mouse < 1002 or (modes.mouse == 1002 and button == "none")):
        raise MouseError(f"mouse mode {modes.mouse} reports no such motion")
    if modes.mouse == 9 and action != "press":
        raise MouseError("mouse mode 9 reports presses only")
