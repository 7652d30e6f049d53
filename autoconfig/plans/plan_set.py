"""The plans and host rules of one file."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import Fault, InputInvalid, PlanUnusable
from autoconfig.mail import params as params_text
from autoconfig.mail.binding import bind
from autoconfig.mail.stand_ins import params_of_hosts, with_stand_ins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autoconfig.mail.binding import BoundPlan
    from autoconfig.mail.domain import Domain
    from autoconfig.mail.host_rule import HostRule
    from autoconfig.mail.plan import Plan
    from autoconfig.mail.stand_ins import Values

BOUND = 4096
"""Bound plans kept in memory, about 2 KiB each: one for each pair of plan and params, shared by all its domains."""


class Shared(NamedTuple):
    """What a row has in common with all rows of its plan, and what is its own."""

    bound: BoundPlan
    """With stand-ins for some hosts; for documents of `formats.template` only."""
    values: Values
    """What has to be put in place of each stand-in."""


class Plans:
    """The plans and rules of one plans.toml. Immutable: another file makes another `Plans`."""

    def __init__(
        self,
        plans: Mapping[str, Plan],
        rules: Sequence[HostRule],
        *,
        source: bytes = b"",
        warnings: Sequence[Fault] = (),
    ) -> None:
        """`source` is the bytes that were read; `warnings` are about what is allowed but fails for some customers."""
        self.plans, self.rules = dict(plans), tuple(rules)
        self.source, self.warnings = source, tuple(warnings)
        self.bind = lru_cache(BOUND)(self._bind)
        self.share = lru_cache(BOUND)(self._share)
        self._of_hosts = {key: params_of_hosts(plan) for key, plan in self.plans.items()}

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

    def _bind(self, key: str, params: str, parent: str | None = None, *, hosts_of_parent: bool = False) -> BoundPlan:
        """
        Bind the plan `key` with a row's params, given as the row's text. The result is cached.

        `parent` is the row's name, where it answers for another one, and `hosts_of_parent` as in `Plan.bind`.

        Raises:
            PlanUnusable: there is no such plan, the params do not suffice, or a flag among them is none.
        """
        return bind(self.get(key), self._given(key, params), parent, hosts_of_parent=hosts_of_parent)

    def _share(self, settled: str) -> Shared:
        """
        Bind a plan with stand-ins for the hosts among a row's params. The result is cached.

        `settled` is the plan's key and the row's params as `mail.params.with_plan` writes them.

        Raises:
            PlanUnusable: as `bind`.
        """
        key, params = params_text.plan_and_params(settled)
        common, values = with_stand_ins(self._given(key, params), self._of_hosts.get(key, ()))
        return Shared(self.bind(key, params_text.encode(common) if values else params), values)

    @staticmethod
    def _given(key: str, params: str) -> dict[str, str]:
        """The params in a row's text, without flags."""
        try:
            return params_text.without_flags(params_text.decode(params))
        except InputInvalid as error:
            raise PlanUnusable(str(error), plan=key) from error

    def check(self, name: Domain, plan: str, params: str) -> None:
        """
        Check that a row makes an account and does not move its domain to itself; `params` is the row's text.

        Raises:
            PlanUnusable: it does not.
        """
        self.bind(plan, params).check_row(name)

    def check_default(self, key: str) -> None:
        """
        Check that a plan can answer for a name without a row.

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
