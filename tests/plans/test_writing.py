"""What is written is read again as the same plan."""

from __future__ import annotations

import tomllib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoconfig.mail.account import Documentation, Text
from autoconfig.mail.pattern import Pattern
from autoconfig.mail.plan import Plan
from autoconfig.plans import read_plans
from autoconfig.plans.writing import plan_as_toml
from tests.support.strategies import good_plans


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(good_plans(), st.lists(st.text()))
def test_read_again(plan: Plan, comments: list[str]) -> None:
    """A plan of any kind, with any comments, is read again as the same plan and nothing else."""
    text = plan_as_toml(plan, comments)

    assert read_plans(text.encode()).plans == {"any": plan}


MOVED = Plan(
    key="moved",
    name=Text({"ja": '引っ越し "済"', "en": "Moved \\ away"}),
    short_name=Text({"und": "Moved"}),
    customer_name=Text({"und": "Gone"}),
    params={"to": None, "sub": Pattern.parse("x.{domain}")},
    servers=(),
    documentation=(
        Documentation("https://help.example/", None),
        Documentation("https://a.example/", Text({"en": "A"})),
    ),
    redirect_url=Pattern.parse("https://{to}/"),
    notes=({"ja": Pattern.parse("{domain} は移転しました")},),
)


def test_form() -> None:
    """The text is one that people would write: a key a line, a page a line, comments above."""
    assert plan_as_toml(MOVED, ["Made by hand.", ""]) == (
        "# Made by hand.\n"
        "#\n"
        "[plans.moved]\n"
        'name = { ja = "引っ越し \\"済\\"", en = "Moved \\\\ away" }\n'
        'short_name = "Moved"\n'
        'customer_name = "Gone"\n'
        'params = { to = { required = true }, sub = "x.{domain}" }\n'
        'redirect_url = "https://{to}/"\n'
        "documentation = [\n"
        '  { url = "https://help.example/" },\n'
        '  { url = "https://a.example/", en = "A" },\n'
        "]\n"
        "notes = [\n"
        '  { ja = "{domain} は移転しました" },\n'
        "]\n"
    )


def test_form_is_read() -> None:
    """Required params, redirects and notes are read again too."""
    assert read_plans(plan_as_toml(MOVED).encode()).get("moved") == MOVED


@given(st.text())
def test_key(key: str) -> None:
    """Whatever is given as a key stays one key, so that it can be judged when the plan is read."""
    plan = Plan(key, Text({"und": "A"}), None, {}, (), redirect_domain=Pattern.parse("b.example"))

    assert list(tomllib.loads(plan_as_toml(plan))["plans"]) == [key]


@given(st.text())
def test_any_text(text: str) -> None:
    """A text with any characters is the same text in TOML."""
    plan = Plan("a", Text({"und": text}), None, {}, (), redirect_domain=Pattern.parse("b.example"))

    assert tomllib.loads(plan_as_toml(plan))["plans"]["a"]["name"] == text
