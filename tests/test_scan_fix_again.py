"""`scan --fix` more than once, and names in one object: what was there stays, and nothing becomes one."""

from __future__ import annotations

from build_cassette import write
from scan_tapes import OPAQUE, ended, known, tape

import cassette
from cassette.format.lines import service_body
from cassette.model import SERVICE_EVENTS, ServiceEvent, Size
from cassette.reading.verify import verify
from cassette.scanning.finding import scan
from cassette.scanning.fixing import fix
from cassette.scrubbing.whole import ScrubPlan, scrub_recording
from cassette.store.spooled import Observed
from scrub.environment import Taken
from scrub.known import KnownValue
from scrub.placeholder import PLACEHOLDER


def fixed(path, values):
    return fix(scan(path, values), values)


def test_names_that_would_become_one_are_told_apart_and_nothing_is_lost(tmp_path):
    other = OPAQUE[::-1]
    for at, made in enumerate(
        (tape().service(50, {OPAQUE: 1, other: 2}), tape().input(50, x={OPAQUE: 1, other: 2}))
    ):
        path = write(tmp_path / f"{at}", ended(made))
        assert scan(path, known(OPAQUE, other)).exit_code == 5
        fixed(path, known(OPAQUE, other))
        assert verify(path, frames=True).state == "complete"
        assert scan(path, known(OPAQUE, other)).state == "clean"
        line = (path / ("service-events.jsonl", "input.jsonl")[at]).read_text()
        assert '"***********' in line
        assert f'"{"*" * len(OPAQUE)}":1,"{"*" * (len(OPAQUE) - 1)}2":2' in line


def test_numbers_of_a_second_time_go_on_and_older_ones_stay(tmp_path):
    secrets = ["v9Kq2mZr7Xw4Tb8Ny5Hd3Lc6", "Ja5Pf1Wc8Ue6Gs3Mo7Yi2Rx9", "h4Qd8Kz1Vn6Bt3Jw9Ly5Cp2S"]
    broken = f"\u2502{secrets[1][:13]}\u2502\r\n\u2502{secrets[1][13:]}\u2502\r\n"
    text = f"{secrets[0]} {secrets[2]}\r\n{broken}{secrets[1]}\r\n{secrets[0]}"
    path = write(tmp_path / "tape", ended(tape().output(50, text.encode()).service(60, {"a": secrets[2]})))
    before: list[bytes] = []
    for at, secret in enumerate(secrets):
        fixed(path, known(secret))
        raw = (path / "output.raw").read_bytes()
        numbers = [int(found["number"]) for found in PLACEHOLDER.finditer(raw)]
        assert set(numbers) == set(range(1, at + 2))
        older = [found[0] for found in PLACEHOLDER.finditer(raw) if int(found["number"]) <= at]
        assert sorted(older) == sorted(before)
        before = [found[0] for found in PLACEHOLDER.finditer(raw)]
    assert raw.count(b":1") == 2
    (event,) = [event for event in cassette.open(path).service_events() if event.t_ms == 60]
    assert PLACEHOLDER.fullmatch(event.payload["a"].encode())["number"] == b"3"


def test_a_recording_keeps_every_value_of_an_object_whose_names_are_secret():
    secrets = [OPAQUE, OPAQUE[::-1], OPAQUE.upper()]
    payload = {secret: at for at, secret in enumerate(secrets)}
    event = ServiceEvent(0, 0, {"type": "x", "x": payload})
    values = [
        KnownValue(secret.encode(), "environment", f"environment:{at}") for at, secret in enumerate(secrets)
    ]
    plan = ScrubPlan(Size(80, 24), known=Taken(tuple(values)), documents={"manifest": payload})
    clean = scrub_recording(lambda: [Observed(event, SERVICE_EVENTS, service_body(event))], plan)
    ((seen),) = clean.events()
    for made in (clean.documents["manifest"], seen.event.payload["x"]):
        assert list(made.values()) == [0, 1, 2]
        assert {len(name) for name in made} == {len(OPAQUE)}
        assert not set(made) & set(secrets)
