"""Assertions bound to a cassette: what `assertions.yaml` says, and whether it holds.

`check(path)` never raises for what is wrong with a spec or its cassette: that stands in the report.
"""

from cassette.scenario.beginning import begin
from cassette.scenario.checking import Report, Result, check
from cassette.scenario.spec import Spec, parse_spec, read_spec

__all__ = ["Report", "Result", "Spec", "begin", "check", "parse_spec", "read_spec"]
