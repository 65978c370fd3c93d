"""A recording with canaries in every kind of event, for a test to kill: `canary_driver.py SEED TARGET KILL_AT`.

Says `ready` and the spool's id, then a line for each thing that it has told the recorder. At step KILL_AT of publishing
it kills itself.
"""

import base64
import sys

from canaries import canaries
from proof_driver import Steps, say

from cassette.model import Discovery, Harness, Quota
from cassette.recording.plan import RecordingPlan
from cassette.recording.recorder import Recorder


def told(recorder, secrets):
    """Each call, one after the other."""
    yield recorder.pty_mode({"echo": True, "icanon": True})
    yield recorder.output(b"\x1b]0;" + secrets["title"].encode() + b"\x07")
    yield recorder.output(b"\x1b]52;c;" + base64.b64encode(b"x" + secrets["clipboard"].encode()) + b"\x07")
    for at in range(0, len(secrets["plain"]), 5):
        yield recorder.output(secrets["plain"][at : at + 5].encode())
    for letter in secrets["typed"]:
        yield recorder.input(letter.encode())
        yield recorder.output(letter.encode())
    yield recorder.input(f"\x1b[200~{secrets['pasted']}\x1b[201~".encode(), kind="paste")
    yield recorder.service_event({secrets["service_key"]: [{"at": secrets["service"]}]})
    yield recorder.mode({"echo": False, "icanon": True})
    yield recorder.input(secrets["getpass"].encode(), source="script")
    yield recorder.input(b"\r", source="script")
    yield recorder.mode({"echo": True, "icanon": True})
    yield recorder.output(f"\r\nit was {secrets['getpass']}\r\n".encode())
    yield recorder.known_secret(secrets["declared"])
    yield recorder.input(b"*" * 16, redacted="caller")
    yield recorder.output(f"declared {secrets['declared']}\r\n".encode())
    yield recorder.mark(f"looked for {secrets['mark']}")
    yield recorder.discovery(Discovery("probe", "ok", models=("m",), metadata={"k": secrets["discovery"]}))
    yield recorder.quota(Quota("probe", "ok", windows=({"name": secrets["quota"]},)))
    yield recorder.final(0, final_text=f"said {secrets['final_text']}", usage={"who": secrets["usage"]})
    yield recorder.final(metadata={"note": secrets["metadata"]})


def main():
    seed, target, kill_at = sys.argv[1:]
    secrets = canaries(int(seed))
    plan = RecordingPlan(
        argv=("tool", f"--key={secrets['argv']}"),
        harness=Harness("tool", account_class=secrets["env"]),
        workdir_policy=f"/srv/{secrets['workdir']}",
        labels={"what": secrets["label"]},
    )
    step = Steps(int(kill_at))
    recorder = Recorder(target, plan, columns=40, rows=10, progress=step)
    say("ready", recorder.spool.id)
    for number, _ in enumerate(told(recorder, secrets)):
        say("told", number)
    step.at_every_operation()
    recorder.close()
    say("steps", step.done)


if __name__ == "__main__":
    main()
