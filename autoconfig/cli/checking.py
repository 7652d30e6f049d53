"""Rows against plans, before they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import InputInvalid, PlanUnusable, SettingsInvalid
from autoconfig.mail.params import NONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.mail.domain import Domain
    from autoconfig.plans import Plans
    from autoconfig.settings import Settings


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


def check_default(plans: Plans, settings: Settings) -> None:
    """
    See that the default plan, if there is one, answers for a name without a row.

    Raises:
        SettingsInvalid: there is no such plan, or it requires a param.
    """
    default = settings.default_plan
    if default is None:
        return
    try:
        plans.bind(default, NONE)
    except PlanUnusable as error:
        raise SettingsInvalid(
            f"default_plan = {default!r}: {error}; name one of {settings.plans} that requires no param"
        ) from error
