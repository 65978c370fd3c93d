"""`python3 -i`: a sum, a mistake, the end."""

import pytest
from programs import CLEAN

from cassette import expect

SUM = pytest.param("6 * 7", "42", id="sum")
MISTAKE = pytest.param("1 / 0", "ZeroDivisionError: division by zero", id="mistake")


@pytest.mark.parametrize(("typed", "shown"), [SUM, MISTAKE])
def test_an_expression(pty, typed, shown):
    with pty.spawn(["python3", "-I", "-q", "-i"], **CLEAN) as term:
        expect(term).to_contain_text(">>>")
        term.type(typed)
        term.press("enter")
        expect(term).to_contain_text(shown)
        term.press("ctrl+d")
    assert term.exit_code == 0
