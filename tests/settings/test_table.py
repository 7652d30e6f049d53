from __future__ import annotations

import contextlib
import ipaddress
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoconfig.errors import SettingsInvalid
from autoconfig.settings import BrandTable, LogFormat, PageLanguage, PlainHTTP, Settings, find_file, load
from autoconfig.settings.brands import BrandParam

EVERYTHING = """
database = "postgresql://localhost/autoconfig"
copy_max_age = 3600
cache_known = 300
cache_unknown = 20
query = "SELECT package AS plan FROM customers WHERE domain = :domain"
query_plans = { 3 = "shared", web-s = "shared", "*" = "" }
query_all = "SELECT domain, package AS plan FROM customers"
query_ttl = 2.5
plans = "/etc/autoconfig/plans.toml"
state_dir = "/var/lib/autoconfig"
public_url = "https://autoconfig.xbit.jp/"
dns_target = "Lb.xbit.jp"
default_plan = "server-maintenance"
tls_subdomains = true
mx = true
mx_nameservers = ["192.0.2.53", "192.0.2.54:5353", "2001:db8::53", "[2001:db8::54]:5353"]
mx_timeout = 1.5
mx_budget = 60
check_rate = 2.5
timezone = "Asia/Tokyo"
profile_identifier = "jp.xbit.mail"
profile_key = "/etc/autoconfig/privkey.pem"
profile_certificate = "/etc/autoconfig/cert.pem"
profile_chain = "/etc/autoconfig/chain.pem"
plain_http = "redirect"
trusted_proxies = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]
rate_limit = 5.5
rate_burst = 20
internal_networks = []
desk_networks = ["10.1.0.0/16"]
desk_user_header = "X-Remote-User"
log_format = "json"
provider_name = { ja = "例の会社", en = "The company" }
provider_logo = "/etc/autoconfig/logo.svg"
page_color = "#005A30"
page_color_dark = "#7fe0b0"
page_language = "ja"
support_url = "http://www.provider.example/support"
support_phone = "+81 (3) 1234-5678"
password_help = { ja = "通知", en = "In our notice." }
password_reset_url = "https://www.provider.example/password"
portal_origins = ["https://My.Provider.example:443", "http://localhost:8000"]
frame_ancestors = ["https://[2001:DB8::1]:8443"]
templates_dir = "/etc/autoconfig/templates"

[[brand]]
hosts = ["Autoconfig.second.example", "*.second.example"]
plans = ["standard"]
param = { name = "brand", value = "second" }
provider_name = "Second"
provider_logo = "/etc/autoconfig/second.svg"
page_color = "#005A30"
page_color_dark = "#7fe0b0"
page_language = "ja"
support_url = "https://second.example/"
support_phone = "0123-456-789"
password_help = { en = "In our letter." }
password_reset_url = "https://second.example/password"
"""


def test_defaults(file: Path) -> None:
    """Without a word the server serves beside its file, to this machine's proxies, in UTC."""
    found = load(file, {})

    assert found.database == f"sqlite:///{file.parent}/mapping.db"
    assert (found.plans, found.state_dir) == (file.parent / "plans.toml", file.parent / "state")
    assert (found.default_plan, found.timezone) == (None, "UTC")
    assert (found.mx, found.mx_nameservers, found.mx_timeout, found.mx_budget) == (False, None, 2, 600)
    assert (found.plain_http, found.log_format) == (PlainHTTP.SERVE, LogFormat.CONSOLE)
    assert (found.rate_limit, found.rate_burst) == (100, 1000)
    assert [str(network) for network in found.trusted_proxies] == ["127.0.0.1/32", "::1/128"]
    assert [str(network) for network in found.internal_networks] == ["127.0.0.0/8", "::1/128"]


def test_file(file: Path) -> None:
    """The file sets everything."""
    file.write_text(EVERYTHING, encoding="utf-8")

    assert load(file, {}) == Settings.model_construct(
        database="postgresql://localhost/autoconfig",
        copy_max_age=3600,
        cache_known=300,
        cache_unknown=20,
        query="SELECT package AS plan FROM customers WHERE domain = :domain",
        query_plans={"3": "shared", "web-s": "shared", "*": ""},
        query_all="SELECT domain, package AS plan FROM customers",
        query_ttl=2.5,
        plans=Path("/etc/autoconfig/plans.toml"),
        state_dir=Path("/var/lib/autoconfig"),
        public_url="https://autoconfig.xbit.jp",
        dns_target="lb.xbit.jp",
        default_plan="server-maintenance",
        tls_subdomains=True,
        mx=True,
        mx_nameservers=(("192.0.2.53", 53), ("192.0.2.54", 5353), ("2001:db8::53", 53), ("2001:db8::54", 5353)),
        mx_timeout=1.5,
        mx_budget=60,
        check_rate=2.5,
        timezone="Asia/Tokyo",
        profile_identifier="jp.xbit.mail",
        profile_key=Path("/etc/autoconfig/privkey.pem"),
        profile_certificate=Path("/etc/autoconfig/cert.pem"),
        profile_chain=Path("/etc/autoconfig/chain.pem"),
        plain_http=PlainHTTP.REDIRECT,
        trusted_proxies=tuple(map(ipaddress.ip_network, ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"])),
        rate_limit=5.5,
        rate_burst=20,
        internal_networks=(),
        desk_networks=(ipaddress.ip_network("10.1.0.0/16"),),
        desk_user_header="X-Remote-User",
        log_format=LogFormat.JSON,
        provider_name={PageLanguage.JA: "例の会社", PageLanguage.EN: "The company"},
        provider_logo=Path("/etc/autoconfig/logo.svg"),
        page_color="#005a30",
        page_color_dark="#7fe0b0",
        page_language=PageLanguage.JA,
        support_url="http://www.provider.example/support",
        support_phone="+81 (3) 1234-5678",
        password_help={PageLanguage.JA: "通知", PageLanguage.EN: "In our notice."},
        password_reset_url="https://www.provider.example/password",
        portal_origins=("https://my.provider.example", "http://localhost:8000"),
        frame_ancestors=("https://[2001:db8::1]:8443",),
        templates_dir=Path("/etc/autoconfig/templates"),
        brand=(
            BrandTable(
                hosts=("autoconfig.second.example", "*.second.example"),
                plans=("standard",),
                param=BrandParam(name="brand", value="second"),
                provider_name="Second",
                provider_logo=Path("/etc/autoconfig/second.svg"),
                page_color="#005a30",
                page_color_dark="#7fe0b0",
                page_language=PageLanguage.JA,
                support_url="https://second.example/",
                support_phone="0123-456-789",
                password_help={PageLanguage.EN: "In our letter."},
                password_reset_url="https://second.example/password",
            ),
        ),
    )


def test_everything_is_tried() -> None:
    """The file of the test above names every setting of the table, and every key of a brand."""
    common, brand = EVERYTHING.split("[[brand]]")
    named, keys = ([line.partition(" =")[0] for line in part.strip().splitlines()] for part in (common, brand))

    assert [*named, "brand"] == list(Settings.model_fields)
    assert keys == list(BrandTable.model_fields)


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ('replicate_from = "postgresql://u:geheim@db/x"', "set `database` to its URL"),
        ("replica_max_age = 3600", "it is called `copy_max_age` now"),
    ],
    ids=["replicate_from", "replica_max_age"],
)
def test_removed(file: Path, line: str, remedy: str) -> None:
    """A setting of an earlier release is refused with one sentence that says what to do, in the environment too."""
    key, _, value = line.partition(" = ")
    file.write_text(line, encoding="utf-8")
    with pytest.raises(SettingsInvalid) as refused:
        load(file, {})
    file.write_text("", encoding="utf-8")
    with pytest.raises(SettingsInvalid) as in_environment:
        load(file, {f"AUTOCONFIG_{key.upper()}": value.strip('"')})

    assert str(refused.value).startswith(f"{file}: {key}: was ")
    assert str(in_environment.value).startswith(f"AUTOCONFIG_{key.upper()}: was ")
    for error in (refused, in_environment):
        assert remedy in str(error.value)
        assert "geheim" not in str(error.value)


ENVIRONMENT = {
    "text": ("AUTOCONFIG_DEFAULT_PLAN", "a", "default_plan", "a"),
    "choice": ("AUTOCONFIG_PLAIN_HTTP", "refuse", "plain_http", PlainHTTP.REFUSE),
    "path": ("AUTOCONFIG_PLANS", "/etc/plans.toml", "plans", Path("/etc/plans.toml")),
    "list": (
        "AUTOCONFIG_TRUSTED_PROXIES",
        "10.0.0.0/8, ::1 ,",
        "trusted_proxies",
        (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1")),
    ),
    "text in place of a table": ("AUTOCONFIG_PROVIDER_NAME", "Company", "provider_name", "Company"),
    "name servers": (
        "AUTOCONFIG_MX_NAMESERVERS",
        "::1, 192.0.2.1:5353",
        "mx_nameservers",
        (("::1", 53), ("192.0.2.1", 5353)),
    ),
    "table": (
        "AUTOCONFIG_QUERY_PLANS",
        "3=shared, a b = own ,*=",
        "query_plans",
        {"3": "shared", "a b": "own", "*": ""},
    ),
    "yes or no": ("AUTOCONFIG_MX", "false", "mx", False),
    "list that becomes empty": ("AUTOCONFIG_TRUSTED_PROXIES", ",", "trusted_proxies", ()),
    "empty counts as unset": ("AUTOCONFIG_DEFAULT_PLAN", "", "default_plan", "server-maintenance"),
    "others are not ours": ("DEFAULT_PLAN", "a", "default_plan", "server-maintenance"),
}


@pytest.mark.parametrize(("variable", "text", "key", "value"), ENVIRONMENT.values(), ids=ENVIRONMENT.keys())
def test_environment(file: Path, variable: str, text: str, key: str, value: object) -> None:
    """A variable AUTOCONFIG_NAME overrides what the file says."""
    file.write_text(EVERYTHING, encoding="utf-8")

    assert value == getattr(load(file, {variable: text}), key)


def test_bad_value_from_the_environment(file: Path) -> None:
    """A bad value is blamed on the variable that it came from."""
    with pytest.raises(SettingsInvalid, match=r"^AUTOCONFIG_TIMEZONE: timezone = 'Tokyo': is not a name"):
        load(file, {"AUTOCONFIG_TIMEZONE": "Tokyo"})


def test_all_bad_values_at_once(file: Path) -> None:
    """Every bad value has its own line."""
    file.write_text('timezone = "Tokyo"\nlog_format = "xml"\nx = 1', encoding="utf-8")

    with pytest.raises(SettingsInvalid) as caught:
        load(file, {"AUTOCONFIG_PLAIN_HTTP": "no"})

    starts = [f"{file}: timezone = ", "AUTOCONFIG_PLAIN_HTTP: plain_http = ", f"{file}: log_format = ", f"{file}: x: "]
    lines = str(caught.value).splitlines()
    assert [line.startswith(start) for line, start in zip(lines, starts, strict=True)] == [True] * 4


BAD_FILES = {
    "no TOML": (b"timezone = ", "is not TOML: "),
    "Shift JIS": ("# 設定\n".encode("cp932"), "is not UTF-8; save it as UTF-8"),
    "nested without end": (b"a = " + b"[" * 5000, "is not TOML: "),
    "thousands of digits": (b"database = " + b"9" * 5000, "is not TOML: "),
}


@pytest.mark.parametrize(("content", "sentence"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_bad_file(file: Path, content: bytes, sentence: str) -> None:
    """A file that cannot be read as TOML is refused by its name."""
    file.write_bytes(content)

    with pytest.raises(SettingsInvalid) as caught:
        load(file, {})

    assert str(caught.value).startswith(f"{file}: {sentence}")


def test_missing_file(tmp_path: Path) -> None:
    """Where there is no file, the way to get one is named."""
    with pytest.raises(SettingsInvalid, match="there is no such file; `autoconfig init DIR` makes one"):
        load(tmp_path / "autoconfig.toml", {})


def test_file_that_is_a_folder(tmp_path: Path) -> None:
    """A file that cannot be read is refused with the reason."""
    with pytest.raises(SettingsInvalid, match="cannot be read: Is a directory"):
        load(tmp_path, {})


def test_byte_order_mark(file: Path) -> None:
    """Windows editors put a byte order mark in front; it does not matter."""
    file.write_bytes(b"\xef\xbb\xbftimezone = 'Asia/Tokyo'")

    assert load(file, {}).timezone == "Asia/Tokyo"


@given(st.binary() | st.text("[]{}='\".,\n plans_dirtmezo#0x").map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes(file: Path, content: bytes) -> None:
    """Any bytes are settings or `SettingsInvalid`, never another exception."""
    file.write_bytes(content)

    with contextlib.suppress(SettingsInvalid):
        load(file, {})


@given(
    st.sampled_from(list(Settings.model_fields)), st.text() | st.sampled_from(["/", "https://", "::", "0/0", "\udc80"])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_variable(file: Path, key: str, text: str) -> None:
    """Any text in a variable is a setting, or `SettingsInvalid` that names the variable."""
    variable = f"AUTOCONFIG_{key.upper()}"

    try:
        load(file, {variable: text})
    except SettingsInvalid as error:
        assert str(error).startswith(f"{variable}: {key} = ")  # noqa: PT017


def test_frozen(file: Path) -> None:
    """Settings are never changed after they were read."""
    found = load(file, {})

    with pytest.raises(ValueError, match="frozen"):
        found.timezone = "Asia/Tokyo"  # type: ignore[misc]


def test_every_setting_is_described() -> None:
    """Every setting has one sentence that says what it is for."""
    assert [
        key for key, setting in Settings.model_fields.items() if not (setting.description or "").endswith(".")
    ] == []


@pytest.mark.parametrize(
    ("given_path", "environment", "expected"),
    [
        (Path("a.toml"), {"AUTOCONFIG_CONFIG": "b.toml"}, "a.toml"),
        (None, {"AUTOCONFIG_CONFIG": "b.toml"}, "b.toml"),
        (None, {"AUTOCONFIG_CONFIG": ""}, "autoconfig.toml"),
        (None, {}, "autoconfig.toml"),
    ],
    ids=["given", "environment", "an empty variable", "this folder"],
)
def test_find_file(given_path: Path | None, environment: dict[str, str], expected: str) -> None:
    """The configuration file is the one given, else the one in the environment, else the one in this folder."""
    assert Path(expected) == find_file(given_path, environment)


def test_process_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without another environment the process's own counts."""
    for name in [name for name in os.environ if name.startswith("AUTOCONFIG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AUTOCONFIG_TIMEZONE", "Asia/Tokyo")
    monkeypatch.setenv("AUTOCONFIG_CONFIG", str(file))

    assert load(find_file(None)).timezone == "Asia/Tokyo"
