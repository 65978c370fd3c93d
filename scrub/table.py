"""The rules that run by default, from every table of this package."""

from __future__ import annotations

from functools import cache

from scrub.facts_ai import AI_FACTS
from scrub.facts_cloud import CLOUD_FACTS
from scrub.facts_code import CODE_FACTS
from scrub.facts_keyed import KEYED_FACTS
from scrub.facts_services import SERVICE_FACTS
from scrub.rules import RuleSet, rule_of_keyed, rules_of_fact
from scrub.written import BLOCK_RULES, HEADER_RULES, PEM_RULES, UNNAMED_RULES, URL_RULES
from scrub.written_commands import COMMAND_RULES
from scrub.written_words import WORD_RULES

PREFIX_FACTS = AI_FACTS + CLOUD_FACTS + CODE_FACTS + SERVICE_FACTS


@cache
def default_rules() -> RuleSet:
    """The project's own rules; built once. About 400 expressions, 0.2 s the first time."""
    made = [rule for fact in PREFIX_FACTS for rule in rules_of_fact(fact)]
    made += PEM_RULES + BLOCK_RULES
    made += [rule_of_keyed(fact) for fact in KEYED_FACTS]
    return RuleSet([*made, *UNNAMED_RULES, *HEADER_RULES, *URL_RULES, *COMMAND_RULES, *WORD_RULES])
