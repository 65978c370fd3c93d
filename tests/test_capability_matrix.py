"""The matrix over many cassettes, and what may be demanded of it."""

from __future__ import annotations

import shutil
import tarfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from capability_tapes import MODELS, NOW, Probe, edit, models_probe
from hypothesis import given, settings
from hypothesis import strategies as st

import cassette
from cassette.capability.answers import Answer, nearest
from cassette.capability.api import Capabilities, StaleEvidence
from cassette.capability.matrix import Cell, Matrix, matrix
from cassette.capability.names import CAPABILITIES
from cassette.capability.requirements import judge, parse_requirement
from cassette.errors import CassetteError, UnknownHarness, UsageError
from cassette.reading.finding import find_cassettes

AT = datetime.fromisoformat(NOW)
INTEROP = Path(__file__).parent / "data" / "interop"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """codex (in a lab and by key), gemini, a harness without account, quota, a wreck, and a cassette of vim."""
    root = tmp_path_factory.mktemp("recorded")
    models_probe(root / "codex" / "models")
    Probe(root / "codex" / "quota").write_quota(
        {"5h": 93, "weekly": 12.5}, captured_at="2026-11-21T11:50:00Z"
    )
    models_probe(root / "codex" / "by-key", account="api-key", models=["gpt-6.1-pro"])
    models_probe(root / "gemini" / "models", "gemini", "api-key", models=["gemini-3-pro"])
    stale = "2026-11-19T00:00:00Z"
    for behavior in ("refuse", "warn", "use"):
        models_probe(root / behavior, behavior, None, captured_at=stale, staleness_behavior=behavior)
    edit(models_probe(root / "wreck", "wreck", None), "discovery.json", lambda found: found.clear())
    (root / "nothing").mkdir()
    (root / "nothing" / "manifest.json").write_text("{}")
    Probe(root / "vim", "vim").finish()
    return root


@pytest.fixture(scope="module")
def found(recorded: Path) -> Matrix:
    return matrix([recorded], now=AT)


def cell(found: Matrix, harness: str, capability: str = "list_models", account: str | None = None) -> Cell:
    rows = [row for row in found.rows if row.harness == harness and account in (None, row.account)]
    assert len(rows) == 1, rows
    return rows[0].cells[capability]


def ask(found: Matrix, text: str) -> Answer:
    return judge(parse_requirement(text), found.rows)


def test_rows_are_harnesses_and_accounts(found: Matrix) -> None:
    assert [row.label for row in found.rows] == [
        "codex@api-key",
        "codex@loopback-lab",
        "gemini@api-key",
        "refuse",
        "use",
        "warn",
    ]
    assert all(list(row.cells) == list(CAPABILITIES) for row in found.rows)
    assert found.rows[0].versions == ["0.169.0"]
    assert found.found == 10


def test_cells(found: Matrix) -> None:
    lab = cell(found, "codex", account="loopback-lab")
    assert (lab.status, lab.why) == ("pass", "")
    assert cell(found, "codex", "quota_status", "loopback-lab").status == "pass"
    assert cell(found, "codex", "quota_status", "api-key").status == "gap"
    unseen = cell(found, "gemini", "cancel")
    assert (unseen.status, unseen.why, unseen.counts) == ("gap", "no cassette speaks of it", None)
    assert {cell(found, name).status for name in ("refuse", "use", "warn")} == {"stale"}


def test_wrecks_are_named_and_do_not_end_it(found: Matrix, recorded: Path) -> None:
    assert {problem.cassette.name: problem.why.split(":")[0] for problem in found.problems} == {
        "wreck": "damaged"
    }
    assert found.problems[0].cassette == recorded / "wreck"


def test_what_a_wreck_claimed_is_blocked(tmp_path: Path) -> None:
    path = models_probe(tmp_path / "models")
    (path / "output.raw").write_bytes(b"other")
    assert cell(matrix([tmp_path], now=AT), "codex").status == "blocked"


def test_of_one_probe_the_newest_counts(tmp_path: Path) -> None:
    for hour, models in ((1, ["old"]), (5, ["new"]), (3, ["middle"])):
        probe = Probe(tmp_path / str(hour) / "models")
        probe.menu("Select a model", models)
        probe.write(captured_at=f"2026-11-21T0{hour}:00:00Z")
    one = cell(matrix([tmp_path], now=AT), "codex")
    assert one.counts is not None
    assert one.counts.cassette == tmp_path / "5" / "models"
    assert [other.cassette.parent.name for other in one.others] == ["3", "1"]
    no = ask(matrix([tmp_path], now=AT), "codex:model=old")
    assert not no
    assert f"other evidence has it: {tmp_path / '1' / 'models'}" in no.why


def test_what_is_blocked_does_not_contradict_what_stands(tmp_path: Path) -> None:
    models_probe(tmp_path / "a" / "models", captured_at="2026-11-21T01:00:00Z")
    newer = models_probe(tmp_path / "b" / "models", captured_at="2026-11-21T02:00:00Z")
    future = models_probe(tmp_path / "c" / "models", captured_at="2027-11-21T02:00:00Z")
    (newer / "output.raw").write_bytes(b"")
    one = cell(matrix([tmp_path], now=AT), "codex")
    assert one.counts is not None
    assert (one.status, one.counts.cassette.parent.name) == ("pass", "a")
    assert {other.cassette for other in one.others} == {newer, future}
    assert {other.status for other in one.others} == {"blocked"}


def test_a_probe_that_did_not_see_it_does_not_contradict_one_that_did(tmp_path: Path) -> None:
    models_probe(tmp_path / "models", captured_at="2026-11-21T01:00:00Z")
    probe = Probe(tmp_path / "help")
    probe.output("usage: codex")
    probe.capability("list_models", status="gap", why="no such option")
    probe.write(captured_at="2026-11-21T02:00:00Z")
    assert cell(matrix([tmp_path], now=AT), "codex").status == "pass"
    shutil.rmtree(tmp_path / "models")
    one = cell(matrix([tmp_path], now=AT), "codex")
    assert (one.status, one.why) == ("gap", "no such option")


def test_a_probe_that_saw_that_it_cannot_counts_by_its_date(tmp_path: Path) -> None:
    models_probe(tmp_path / "models", captured_at="2026-11-21T01:00:00Z")
    probe = Probe(tmp_path / "turn")
    probe.output("models cannot be listed")
    index = probe.fact("refusal", "cannot", {"kind": "screen", "raw_end": probe.raw, "rows": [0]})
    probe.capability("list_models", index, status="gap", why="it says so")
    probe.write(captured_at="2026-11-21T02:00:00Z")
    assert cell(matrix([tmp_path], now=AT), "codex").why == "it says so"


@settings(max_examples=30)
@given(st.integers(0, 23), st.integers(0, 100))
def test_time_only_takes_away(recorded: Path, hour: int, later: int) -> None:
    """What holds at some moment after it was captured and is refused later never comes back."""
    first = AT.replace(hour=6) + timedelta(hours=hour)
    before, after = (
        matrix([recorded / "gemini"], now=moment) for moment in (first, first + timedelta(hours=later))
    )
    statuses = [cell(each, "gemini").status for each in (before, after)]
    assert statuses in (["pass", "pass"], ["pass", "stale"], ["stale", "stale"])
    if ask(after, "gemini:model=gemini-3-pro"):
        assert ask(before, "gemini:model=gemini-3-pro")


class TestDemands:
    @pytest.mark.parametrize(
        "text",
        [
            "codex:model=gpt-6.1-sol",
            "codex:model=gpt-6.1-sol,reasoning=high",
            "codex:reasoning=high",
            "codex:model=gpt-*",
            "codex@loopback-lab:list_models",
            "codex@*lab:model=gpt-6.1-mini",
            "codex:model=gpt-6.1-pro",
            "codex@api-key:model=gpt-6.1-pro,reasoning=low",
            "gem*:list_models,list_reasoning",
            "[cg]*:list_models",
            "codex:quota.weekly<20",
            "codex:quota.weekly<=12.5%",
            "codex:quota<94",
            "codex:quota_status",
            "use:model=gpt-5.2-codex",
            "warn:list_models",
        ],
    )
    def test_that_hold(self, found: Matrix, text: str) -> None:
        answer = ask(found, text)
        assert answer, answer
        assert answer.evidence
        assert all(item.status in ("pass", "stale") for item in answer.evidence)

    def test_only_a_name_that_is_near_is_proposed(self) -> None:
        known = ["aider", "codex", "gemini", "opencode", "gpt-6.1-sol"]
        assert [nearest(name, known) for name in ("nope", "code", "pencode", "x", "")] == [
            "", "did you mean 'codex'?", "did you mean 'opencode'?", "", "",
        ]  # fmt: skip
        assert nearest("gpt-9", known) == "did you mean 'gpt-6.1-sol'?"

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("codex@loopback-lab:model=gpt-9", "model=gpt-9 is not seen; seen: gpt-6.1-sol, gpt-6.1-mini, "),
            ("codex@loopback-lab:model=gpt-9", "; did you mean 'gpt-6.1-sol'?"),
            ("codex@api-key:model=gpt-6.1-sol", "seen: gpt-6.1-pro"),
            ("codex@loopback-lab:model=GPT-6.1-SOL", "did you mean 'gpt-6.1-sol'?"),
            ("codex@*lab:model=gpt-6.1-mini,reasoning=high", "reasoning=high of gpt-6.1-mini is not seen; seen: none"),
            ("codex@*lab:reasoning=x,model=gpt-6.1-sol", "reasoning=x of gpt-6.1-sol is not seen; seen: low, "),
            ("codex:cancel", "codex@api-key: cancel is not seen: no cassette speaks of it; codex@loopback-lab: cancel"),
            ("codex@subscription:run", "no evidence of such an account; seen: api-key, loopback-lab"),
            ("codx:run", "no evidence of such a harness; seen: codex, gemini, refuse, use, warn; did you mean 'codex'"),
            ("*:list_models", "refuse: list_models is stale, it was fresh until 2026-11-20 00:00:00 UTC"),
            ("*:list_models", "(staleness_behavior refuse): record"),
            ("codex:quota<93", "used are 5h 93 %, weekly 12.5 %"),
            ("codex:quota.daily<93", "no such window of quota; seen: 5h, weekly"),
            ("gemini:quota<93", "quota_status is not seen"),
            ("wreck:list_models", "no evidence of such a harness"),
        ],
    )  # fmt: skip
    def test_that_do_not(self, found: Matrix, text: str, why: str) -> None:
        answer = ask(found, text)
        assert not answer
        assert why in answer.why
        assert repr(answer) == f"<no: {answer.why}>"

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("codex", "demands nothing"),
            ("codex:", "demands nothing"),
            (":run", "names no harness"),
            ("codex@:run", "names no harness"),
            ("codex:modl=x", "Did you mean model?"),
            ("codex:list_model", "Did you mean list_models?"),
            ("codex:model=", "means nothing. Give model a value, as in model=NAME."),
            ("codex:model", "means nothing"),
            ("codex:quota>80", "means nothing"),
            ("codex:quota<many", "means nothing"),
            ("codex:quota<101", "in percent"),
            ("codex:quota<0", "in percent"),
            ("codex:model=a,model=b", "names one thing twice"),
            ("codex:run,,list_models", "means nothing"),
            ("codex:zzzzz", "Known are model=…, reasoning=…, permission_mode=…, quota<N, run,"),
        ],
    )
    def test_that_mean_nothing(self, text: str, why: str) -> None:
        with pytest.raises(UsageError, match=r"^(--require )?'.*") as caught:
            parse_requirement(text)
        assert why in str(caught.value)

    @given(st.text())
    def test_any_text_is_a_demand_or_refused(self, text: str) -> None:
        try:
            answer = judge(parse_requirement(text), ())
        except UsageError:
            return
        assert not answer


def test_models_are_those_of_the_probe_that_lists_them(tmp_path: Path) -> None:
    """A newer probe that only shows that there is a list does not hide the list of another."""
    models_probe(tmp_path / "models", captured_at="2026-11-21T01:00:00Z")
    models_probe(tmp_path / "old" / "models", models=["gpt-4"], captured_at="2026-11-21T00:00:00Z")
    picker = Probe(tmp_path / "pickers")
    picker.menu("Pick", ["sol"], "choice", "list_models")
    picker.write(captured_at="2026-11-21T02:00:00Z")
    for now, counts in ((AT, "models"), (AT.replace(day=22, hour=1, second=1), "pickers")):
        one = cell(matrix([tmp_path], now=now), "codex")
        assert one.counts is not None
        assert (one.status, one.counts.probe) == ("pass", counts)
    stale = ask(matrix([tmp_path], now=AT.replace(day=22, hour=1, second=1)), "codex:model=gpt-6.1-sol")
    assert not stale
    assert "list_models is stale" in stale.why
    found = matrix([tmp_path], now=AT)
    assert ask(found, "codex:model=gpt-6.1-sol,reasoning=high")
    assert not ask(found, "codex:model=gpt-4"), "a newer cassette of that probe stands in its place"
    assert not ask(found, "codex:model=sol")
    assert Capabilities(found)["codex"].models == list(MODELS)
    assert Capabilities(found)["codex"].reasoning_levels("gpt-6.1-sol") == ["low", "medium", "high"]


def test_a_title_names_the_model_of_its_levels(tmp_path: Path) -> None:
    """A menu may call a model by its title where another lists it by its name."""
    probe = Probe(tmp_path / "models")
    probe.menu("Select a model", ["gpt-6.1-sol"], detail={"title": "GPT Sol", "state": "current"})
    probe.menu("Level of GPT Sol", ["high"], "reasoning", "list_reasoning", of="GPT Sol")
    probe.menu("Level of Other", ["ultra"], "reasoning", "list_reasoning", of="current")
    probe.write()
    found = matrix([tmp_path], now=AT)
    assert ask(found, "codex:model=gpt-6.1-sol,reasoning=high")
    assert not ask(found, "codex:model=gpt-6.1-sol,reasoning=ultra")
    assert ask(found, "codex:reasoning=ultra")


class TestInterop:
    """Cassettes of another writer: lists without places, no seal."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        with tarfile.open(INTEROP / "go-minimal.tar.gz") as archive:
            archive.extractall(tmp_path)  # our own two archives
        return tmp_path

    def test_lists_are_claims_of_the_document(self, root: Path) -> None:
        found = matrix([root], now=datetime.fromisoformat("2026-11-20T00:10:00Z"))
        statuses = {name: cell(found, "bench", name).status for name in CAPABILITIES}
        assert {name for name, status in statuses.items() if status == "pass"} == {
            "list_models",
            "list_reasoning",
            "quota_status",
        }
        evidence = cell(found, "bench").counts
        assert evidence is not None
        assert (evidence.state, evidence.state_why) == ("partial", "it has no seal")
        assert str(evidence.facts[0].fact.place) == "discovery.json"
        for text in ("bench:model=model-a,reasoning=high", "bench:quota.5h<6", "bench:quota<=5"):
            assert ask(found, text), text
        assert not ask(found, "bench:quota<5")

    def test_they_grow_old_too(self, root: Path) -> None:
        answer = ask(matrix([root], now=AT), "bench:model=model-a")
        assert not answer
        assert "it was fresh until 2026-11-21 00:00:00 UTC" in answer.why

    def test_a_status_that_is_not_ok_claims_nothing(self, root: Path) -> None:
        edit(root / "go-minimal", "discovery.json", lambda found: found.update(status="failed"))
        found = matrix([root], now=datetime.fromisoformat("2026-11-20T00:10:00Z"))
        one = cell(found, "bench")
        assert (one.status, one.why) == ("blocked", "its status is 'failed'")


class TestInPython:
    def tapes(self, recorded: Path, **options: object) -> Capabilities:
        return cassette.capabilities(recorded, now=AT, **options)  # type: ignore[arg-type]

    def test_questions(self, recorded: Path) -> None:
        tapes = self.tapes(recorded)
        assert tapes.harnesses() == list(tapes) == ["codex", "gemini", "refuse", "use", "warn"]
        assert len(tapes) == 5
        assert "codex" in tapes
        assert "codex@api-key" in tapes
        assert "codex@other" not in tapes
        assert tapes["codex"].accounts == ["api-key", "loopback-lab"]
        assert tapes["codex"].models == ["gpt-6.1-pro", *MODELS]
        assert tapes["codex@loopback-lab"].reasoning_levels("gpt-6.1-sol") == ["low", "medium", "high"]
        assert tapes["codex@loopback-lab"].reasoning_levels("gpt-6.1-mini") == []
        assert tapes["codex"].status("list_models") == "pass"
        assert tapes["codex"].supports("list_models", model="gpt-6.1-sol", reasoning="high", quota_below=95)
        assert not tapes["codex"].supports(quota_below=20)
        assert tapes.require("codex:model=gpt-6.1-sol")
        assert tapes["refuse"].models == list(MODELS)

    def test_a_harness_that_is_not_there(self, recorded: Path) -> None:
        with pytest.raises(UnknownHarness) as caught:
            self.tapes(recorded)["codx"]
        assert str(caught.value) == (
            f"no cassette in {recorded} speaks of codx (did you mean 'codex'?); there is evidence of codex@api-key, "
            "codex@loopback-lab, gemini@api-key, refuse, use, warn. Record it with cassette discover codx, or ask for "
            "another."
        )

    @pytest.mark.parametrize(
        "ask",
        [
            lambda codex: codex.supports(),
            lambda codex: codex.supports("list_model"),
            lambda codex: codex.status("nothing"),
            lambda codex: cassette.capabilities("/nowhere/at/all"),
            lambda codex: cassette.capabilities(".", now=datetime(2026, 1, 1)),
            lambda codex: cassette.capabilities(".", stale="perhaps"),  # type: ignore[arg-type]
        ],
    )
    def test_questions_that_mean_nothing(self, recorded: Path, ask: object) -> None:
        codex = self.tapes(recorded)["codex"]
        with pytest.raises(CassetteError) as caught:
            ask(codex)  # type: ignore[operator]
        assert caught.value.exit_code == 2

    @pytest.mark.parametrize(
        ("stale", "holds"),
        [
            ("evidence", {"refuse": False, "warn": True, "use": True}),
            ("fail", {"refuse": False, "warn": False, "use": False}),
            ("use", {"refuse": True, "warn": True, "use": True}),
        ],
    )
    @pytest.mark.filterwarnings("ignore::cassette.capability.api.StaleEvidence")
    def test_what_stale_evidence_is_worth(self, recorded: Path, stale: str, holds: dict[str, bool]) -> None:
        tapes = self.tapes(recorded, stale=stale)
        answers = {name: tapes[name].supports("list_models") for name in holds}
        assert {name: bool(answer) for name, answer in answers.items()} == holds
        assert all("it was fresh until" in answer.stale for answer in answers.values())

    def test_warn_warns_at_the_line_that_asks(self, recorded: Path) -> None:
        with pytest.warns(StaleEvidence, match="warn: list_models is stale, it was fresh until") as caught:
            assert self.tapes(recorded)["warn"].supports("list_models")
        assert [Path(warning.filename) for warning in caught] == [Path(__file__)]

    def test_names_are_loaded_late(self) -> None:
        assert {"Capabilities", "StaleEvidence", "capabilities"} <= set(cassette.__all__)


class TestFinding:
    def test_everything_below_once_and_nothing_inside_or_hidden(self, tmp_path: Path) -> None:
        places = ["b/two", "a/one", "b/two/inner", ".c.0123456789abcdef.new", "a/.hidden/three"]
        for place in places:
            (tmp_path / place).mkdir(parents=True, exist_ok=True)
            (tmp_path / place / "manifest.json").write_text("{}")
        (tmp_path / "link").symlink_to(tmp_path / "a")
        found = find_cassettes([tmp_path, tmp_path / "a"])
        assert found == [tmp_path / "a" / "one", tmp_path / "b" / "two"]
        assert find_cassettes([tmp_path / "a" / "one"]) == [tmp_path / "a" / "one"]

    def test_a_directory_that_is_not_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(UsageError, match="there is no directory cassettes"):
            find_cassettes()
