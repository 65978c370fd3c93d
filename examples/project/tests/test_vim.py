"""`vim`: a text is written; the screen is compared with an approved one."""

from programs import CLEAN, in_new_directory

from cassette import expect


def test_a_note_is_written(pty):
    command = in_new_directory("vim -u NONE -i NONE -n note.txt && cat note.txt")
    with pty.spawn(command, columns=60, rows=10, **CLEAN) as term:
        expect(term).to_contain_text('"note.txt" [New')
        term.type("iDear reader,")
        term.press("enter")
        term.type("this was typed by a test.")
        term.press("escape")
        expect(term).to_contain_text("typed by a test.")
        expect(term).to_match_screen("typed")
        term.type(":wq")
        term.press("enter")
        assert term.wait().code == 0
