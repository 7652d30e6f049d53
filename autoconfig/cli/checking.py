"""Rows against plans, before they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import InputInvalid, PlanUnusable

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.mail.domain import Domain
    from autoconfig.plans import Plans


def row_check(plans: Plans) -> Callable[[Domain, str, str], None]:
    """A function of name, plan and params text that raises `PlanUnusable` where they do not make an account."""

    def check(name: Domain, plan: str, params: str) -> None:
        plans.bind(plan, params).check(name)

    return check


def check_row(plans: Plans, name: Domain, plan: str, params: str) -> None:
    """
    The same for what somebody typed.

    Raises:
        InputInvalid: they do not make an account.
    """
    try:
        row_check(plans)(name, plan, params)
    except PlanUnusable as error:
        known = f"; plans are {', '.join(plans.plans)}" if plan not in plans.plans else ""
        raise InputInvalid(f"{name}: {error}{known}; nothing was written") from error
