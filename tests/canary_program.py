"""A program that shows what it should not: `canary_program.py --key=… COLUMNS`. Its canaries are in its environment."""

import base64
import getpass
import json
import os
import subprocess
import sys


def show(*words):
    sys.stdout.write("".join(words) + "\r\n")
    sys.stdout.flush()


def canary(place):
    return os.environ[f"CANARY_{place.upper()}_TOKEN"]


def main():
    show("\x1b]0;at ", canary("title"), "\x07titled")
    show("\x1b]52;c;", base64.b64encode(b"x" + canary("clipboard").encode()).decode(), "\x07copied")
    show("\x1b]8;;https://example.test/?k=", canary("link"), "\x1b\\linked\x1b]8;;\x1b\\")
    show(canary("plain"), " in ", os.getcwd(), " with ", sys.argv[1], " and ", canary("env"))
    show("".join(f"\x1b[3{at % 8}m{letter}" for at, letter in enumerate(canary("coloured"))), "\x1b[0m")
    show("." * (int(sys.argv[2]) - 7), canary("wrapped"))
    data = canary("encoded").encode()
    show(json.dumps({"k": canary("encoded")}), " ", data.hex())
    for before in (b"", b"a", b"ab"):
        show(base64.b64encode(before + data + b"!").decode())
    for prompt in ("typed? ", "pasted? "):
        show("you said ", input(prompt))
    show("it was ", getpass.getpass("the word, please ", stream=None))
    subprocess.run(["bash", "-c", 'read -s -p "secret word> " word; echo; echo "bash has $word"'], check=True)
    if sys.argv[3] == "dialog":
        asked = ["dialog", "--stdout", "--insecure", "--passwordbox", "Password:", "8", "40"]
        show("\x1b[2Jdialog gave ", subprocess.run(asked, check=True, stdout=subprocess.PIPE).stdout.decode())
    show("declared ", input("declared? "))
    show("done")


if __name__ == "__main__":
    main()
