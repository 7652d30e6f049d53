"""All plans and host rules of one file."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from autoconfig.errors import Fault, InputInvalid, PlanUnusable
from autoconfig.mail import params as params_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autoconfig.mail.bound import BoundPlan
    from autoconfig.mail.domain import Domain
    from autoconfig.mail.plan import HostRule, Plan

BOUND = 4096
"""How many pairs of plan and params are kept bound, of about 2 KiB each; thousands of domains share each."""


class Plans:
    """What one plans.toml says. Never changed: another file makes another `Plans`."""

    def __init__(
        self,
        plans: Mapping[str, Plan],
        rules: Sequence[HostRule],
        *,
        source: bytes = b"",
        warnings: Sequence[Fault] = (),
    ) -> None:
        """`source` are the bytes that were read, `warnings` what is allowed but will hurt some customers."""
        self.plans, self.rules = dict(plans), tuple(rules)
        self.source, self.warnings = source, tuple(warnings)
        self.bind = lru_cache(BOUND)(self._bind)

    def get(self, key: str) -> Plan:
        """
        The plan under this key.

        Raises:
            PlanUnusable: there is none.
        """
        plan = self.plans.get(key)
        if plan is None:
            raise PlanUnusable("there is no such plan in plans.toml", plan=key)
        return plan

    def _bind(self, key: str, params: str) -> BoundPlan:
        """
        The plan `key` with the params of a row, given as the row's text. Kept, so that a second time costs nothing.

        Raises:
            PlanUnusable: there is no such plan, or the params do not suffice.
        """
        plan = self.get(key)
        try:
            given = params_text.decode(params)
        except InputInvalid as error:
            raise PlanUnusable(str(error), plan=key) from error
        return plan.bind(given)

    def check(self, name: Domain, plan: str, params: str) -> None:
        """
        See that a row makes an account and moves no domain to itself; `params` is the row's text.

        Raises:
            PlanUnusable: it makes none.
        """
        self.bind(plan, params).check_row(name)

    def check_default(self, key: str) -> None:
        """
        See that a plan can answer for a name without a row.

        Raises:
            PlanUnusable: there is no such plan, or it requires a param.
        """
        self.bind(key, params_text.NONE)

    def rule_for(self, host: Domain) -> tuple[HostRule, str] | None:
        """The first host rule that matches the whole of `host`, and its params as a row's text."""
        for rule in self.rules:
            found = rule.params_of(host)
            if found is not None:
                return rule, params_text.encode(found)
        return None
