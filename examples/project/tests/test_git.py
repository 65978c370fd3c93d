"""`git add -p`: one of two hunks is staged."""

from programs import CLEAN, in_new_directory

from cassette import expect

TWO_HUNKS = """
git init -q -b main . &&
seq 1 20 > numbers && git add numbers &&
sed -i -e 's/^2$/two/' -e 's/^19$/nineteen/' numbers &&
git add -p && git diff --cached
"""


def test_one_hunk_of_two_is_staged(pty):
    with pty.spawn(in_new_directory(TWO_HUNKS), **CLEAN) as term:
        expect(term).to_contain_text("(1/2) Stage this hunk")
        expect(term.get_by_text("+two")).to_be_visible()
        term.type("n")
        term.press("enter")
        expect(term).to_contain_text("(2/2) Stage this hunk")
        term.type("y")
        term.press("enter")
        expect(term).to_contain_text("+nineteen")
        assert term.wait().code == 0
