"""A pexpect script cannot tell a shim from the program: live, recorded and replayed give the same bytes and end."""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from shim_helpers import by_signal, hang_up, three_ways

BASH = ("bash", "--norc", "--noprofile", "-i")
FTP = """
printf 'Connected to nowhere.\\nName: '; read name
stty -echo; printf 'Password: '; read password; stty echo
printf '\\n230 Hello, %s.\\n' "$name"
while printf 'ftp> ' && read command rest; do
  case $command in
    ls) echo 'one.txt'; echo 'two.txt' ;;
    get) echo "local: $rest remote: $rest" ;;
    bye) echo '221 Goodbye.'; exit 0 ;;
    *) echo '?Invalid command' ;;
  esac
done
"""
POEM = "".join(f"line {number} of the poem\n" for number in range(1, 100)) + "the end\n"


def needs(program: str) -> Any:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def prompt(child: Any) -> None:
    child.expect_exact("$ ")


def bash(child: Any) -> None:
    prompt(child)
    child.sendline("echo $((6 * 7))")
    child.expect_exact("42\r\n")
    prompt(child)
    child.send("echo mistake\x17\x15echo right\r")
    child.expect_exact("right\r\n")
    child.expect_exact("right\r\n")
    prompt(child)
    child.sendline("exit 3")


def job_control(child: Any) -> None:
    prompt(child)
    child.sendline('python3 -c "$JOB"')
    child.expect_exact("here\r\n")
    child.sendcontrol("z")
    child.expect_exact("Stopped")
    prompt(child)
    child.sendline("fg")
    child.expect_exact("back\r\n")  # before that, Ctrl-C could be the shell's
    child.sendcontrol("c")
    prompt(child)
    child.sendcontrol("d")


def python(child: Any) -> None:
    child.expect_exact(">>> ")
    child.sendline("'ab' * 3")
    child.expect_exact("'ababab'")
    child.expect_exact(">>> ")
    child.sendline("for n in range(2): print(n)")
    child.expect_exact("... ")
    child.sendline("")
    child.expect_exact("1\r\n")
    child.expect_exact(">>> ")
    child.sendline("raise SystemExit(4)")


def ftp(child: Any) -> None:
    child.expect_exact("Name: ")
    child.sendline("ada")
    child.expect_exact("Password: ")
    child.waitnoecho()
    child.sendline("enchantress")
    child.expect_exact("ftp> ")
    for command, answer in (("ls", "two.txt"), ("get one.txt", "remote: one.txt"), ("help", "?Invalid")):
        child.sendline(command)
        child.expect_exact(answer)
        child.expect_exact("ftp> ")
    child.sendline("bye")


def dialog(child: Any) -> None:
    at_rest = b"\x1b[16;31H\x1b[39;49m\x1b(B\x1b[m"  # the cursor, on OK
    child.expect_exact(at_rest)
    child.send("\x1bOB")
    child.expect_exact(at_rest)
    child.send("\r")


def vim(child: Any) -> None:
    child.expect_exact("All")
    child.expect_exact("\x1b[?25h")
    child.send("ihello\x1b")
    child.expect_exact("1,5")
    child.expect_exact("\x1b[?25h")
    child.send(":q!\r")


def less(child: Any) -> None:
    child.expect_exact("poem.txt")
    child.send(" ")
    child.expect_exact("line 46")
    child.expect_exact(":\x1b[K")
    child.send("G")
    child.expect_exact("(END)")
    child.send("q")


def password(child: Any) -> None:
    child.expect_exact(": ")
    child.waitnoecho()
    child.sendline("open sesame")
    child.expect_exact("11 characters")


def until_end(child: Any) -> None:
    pass


def typed_to_cat(child: Any) -> None:
    child.expect_exact("ready\r\n")
    child.sendline("one")
    child.expect_exact("one\r\none\r\n")
    child.sendline("two")
    child.expect_exact("two\r\ntwo\r\n")
    child.send("\x7fthree\x15four\n")
    child.expect_exact("four\r\n")
    child.expect_exact("four\r\n")
    child.sendeof()


PYTHON_QUIET = (sys.executable, "-I", "-q", "-i")
GETPASS = "import getpass; print(len(getpass.getpass('Passphrase: ')), 'characters')"
READ_S = "read -s -p 'Secret: ' x; echo; echo ${#x} characters"
STTY = "stty -echo; printf 'Token: '; read x; stty echo; echo; echo ${#x} characters"
CASES = {
    "bash": (BASH, bash, 3),
    "job control": (BASH, job_control, 130),
    "python": (PYTHON_QUIET, python, 4),
    "ftp": (("sh", "-c", FTP), ftp, 0),
    "getpass": ((sys.executable, "-I", "-c", GETPASS), password, 0),
    "read -s": (("bash", "-c", READ_S), password, 0),
    "stty -echo": (("sh", "-c", STTY), password, 0),
    "cat": (("sh", "-c", "echo ready; exec cat"), typed_to_cat, 0),
    "exit 3": (("sh", "-c", "echo that did not work; exit 3"), until_end, 3),
    "killed": (("sh", "-c", "echo goodbye; kill -TERM $$"), until_end, by_signal(signal.SIGTERM)),
    "crashed": (("sh", "-c", "echo oh; kill -SEGV $$"), until_end, by_signal(signal.SIGSEGV)),
    "1 MB": (("seq", "1", "150000"), until_end, 0),
    "nothing": (("true",), until_end, 0),
}


@pytest.mark.parametrize("name", CASES)
def test_a_driver_sees_no_difference(name: str, tmp_path: Path) -> None:
    command, script, code = CASES[name]
    live, recorded, replayed = three_ways(tmp_path, command, script)
    assert recorded == live
    assert replayed == live
    assert replayed.code == code


@needs("dialog")
def test_dialog(tmp_path: Path) -> None:
    menu = ("--menu", "What would you like?", "12", "40", "3", "tea", "Green", "eggs", "Two", "toast", "Jam")
    live, recorded, replayed = three_ways(tmp_path, ("dialog", "--no-mouse", *menu), dialog)
    assert replayed == recorded
    assert replayed == live


@needs("vim")
def test_vim(tmp_path: Path) -> None:
    live, recorded, replayed = three_ways(tmp_path, ("vim", "--clean", "-n"), vim)
    assert replayed == recorded
    assert replayed.code == live.code == 0


@needs("less")
def test_less(tmp_path: Path) -> None:
    (tmp_path / "poem.txt").write_text(POEM)
    live, recorded, replayed = three_ways(tmp_path, ("less", str(tmp_path / "poem.txt")), less)
    assert replayed == recorded
    assert replayed == live


def until_it_is_left(child: Any) -> None:
    child.expect_exact("serving\r\n")
    hang_up(child)


def test_a_driver_that_leaves(tmp_path: Path) -> None:
    """The program would have gone on; whoever closes its terminal ends it, each time."""
    command = ("sh", "-c", "echo serving; exec sleep 1000")
    live, recorded, replayed = three_ways(tmp_path, command, until_it_is_left)
    assert live.output == recorded.output == replayed.output
    assert replayed.code == live.code == by_signal(signal.SIGHUP)
