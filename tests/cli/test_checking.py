from __future__ import annotations

import pytest

from autoconfig.cli.checking import check_row
from autoconfig.errors import InputInvalid, PlanUnusable
from autoconfig.mail.domain import Domain
from autoconfig.plans import Plans, read_plans
from autoconfig.resources import templates

NAME = Domain("shop.example")


@pytest.fixture(scope="module")
def plans() -> Plans:
    """The demo's."""
    return read_plans((templates() / "demo" / "plans.toml").read_bytes())


def test_good_row(plans: Plans) -> None:
    """A row that makes an account passes."""
    plans.check(NAME, "xserver", '{"server":"sv1.xserver.jp"}')
    check_row(plans, NAME, "shared-managed", "{}")


ROWS = {
    "no such plan": ("no-such", "{}"),
    "missing param": ("xserver", "{}"),
    "undeclared param": ("shared-managed", '{"server":"a.example"}'),
    "no host": ("xserver", '{"server":"a_b.example"}'),
}


@pytest.mark.parametrize(("plan", "params"), ROWS.values(), ids=ROWS)
def test_bad_row(plans: Plans, plan: str, params: str) -> None:
    """A row that makes none is the plans' business in a file, and a mistake where it was typed."""
    with pytest.raises(PlanUnusable):
        plans.check(NAME, plan, params)
    with pytest.raises(InputInvalid, match=f"^shop.example: plan '{plan}'.*; nothing was written$"):
        check_row(plans, NAME, plan, params)


def test_known_plans(plans: Plans) -> None:
    """Who names a plan that is not there is told those that are."""
    with pytest.raises(InputInvalid, match=r"; plans are shared-standard, shared-managed, .*, xserver; nothing"):
        check_row(plans, NAME, "xservr", "{}")
