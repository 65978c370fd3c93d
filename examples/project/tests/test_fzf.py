"""`fzf`: the list narrows as one types, and the choice is printed."""

from programs import CLEAN, in_new_directory

from cassette import expect

FRUIT = "printf '%s\\n' apple banana cherry 'blood orange' | fzf --height=100% --no-color --prompt='fruit? '"


def test_a_fruit_is_chosen(pty):
    with pty.spawn(in_new_directory(FRUIT), columns=60, rows=12, **CLEAN) as term:
        expect(term).to_contain_text("4/4")
        term.type("an")
        expect(term).to_contain_text("2/4")
        expect(term.get_by_text("cherry")).not_.to_be_visible()
        term.press("up", "enter")
        assert term.wait().code == 0
