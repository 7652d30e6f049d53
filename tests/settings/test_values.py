from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import SettingsInvalid
from autoconfig.settings import load
from autoconfig.settings.values import shown

if TYPE_CHECKING:
    from pathlib import Path

BAD_VALUES = {
    "database": ("database", "5", "database = …: Input should be a valid string"),
    "plans": ("plans", "5", "plans = 5: Input is not a valid path"),
    "state_dir": ("state_dir", "[]", "state_dir = []: Input is not a valid path"),
    "public_url over http": (
        "public_url",
        '"http://a.example"',
        "public_url = 'http://a.example': is not an https URL",
    ),
    "public_url in Unicode": (
        "public_url",
        '"https://日本語.example"',
        "'https://日本語.example': is not an https URL",
    ),
    "dns_target that is a URL": (
        "dns_target",
        '"https://a.example"',
        "'https://a.example': is not a host name, such as ",
    ),
    "dns_target that is an address": ("dns_target", '"192.0.2.1"', "'192.0.2.1': is an address; write a host name"),
    "query": ("query", "5", "query = 5: Input should be a valid string"),
    "query_plans alone": (
        "query_plans",
        '{ 3 = "a" }',
        "query_plans = {'3': 'a'}: needs the setting query, which",
    ),
    "query_plans that is a list": ("query_plans", '["a"]', "query_plans = ['a']: Input should be a valid dictionary"),
    "query_plans that is a text": (
        "query_plans",
        '"a"',
        "query_plans = 'a': is not of the form 3=shared,web-s=",
    ),
    "query_all alone": ("query_all", '"SELECT 1"', "query_all = 'SELECT 1': needs the setting query, which is"),
    "query_ttl": ("query_ttl", "0.5", "query_ttl = 0.5: Input should be greater than or equal to 1"),
    "default_plan": ("default_plan", "true", "default_plan = True: Input should be a valid string"),
    "mx": ("mx", '"maybe"', "mx = 'maybe': Input should be a valid boolean"),
    "name server by its name": (
        "mx_nameservers",
        '["ns.a.jp"]',
        "'ns.a.jp' is not an IP address, such as 192.0.2.53, ",
    ),
    "name server at port 0": ("mx_nameservers", '["192.0.2.1:0"]', "'192.0.2.1:0' is not an IP address, such as "),
    "name server at no port": ("mx_nameservers", '["::1]:65536"]', "'::1]:65536' is not an IP address, such as "),
    "name server that is a number": ("mx_nameservers", "[53]", "53 is not an IP address, such as 192.0.2.53, "),
    "name server of digits": ("mx_nameservers", f"[0x{'F' * 5000}]", "a number of thousands of digits is not an IP "),
    "no name server": ("mx_nameservers", "[]", "mx_nameservers = []: must have one to eight addresses; leave it"),
    "name servers that are a table": ("mx_nameservers", "{ a = 1 }", "mx_nameservers = {'a': 1}: Input should be"),
    "mx_timeout": ("mx_timeout", "0", "mx_timeout = 0: Input should be greater than 0"),
    "mx_timeout that is no number": ("mx_timeout", "nan", "mx_timeout = nan: Input should be less than or equal to 30"),
    "cache_known": ("cache_known", "0", "cache_known = 0: Input should be greater than or equal to 1"),
    "mx_budget": ("mx_budget", "0", "mx_budget = 0: Input should be greater than or equal to 1"),
    "timezone": ("timezone", '"JST-9"', "timezone = 'JST-9': is not a name from the IANA time zone database"),
    "timezone that is a path": ("timezone", '"../../etc/passwd"', "timezone = '../../etc/passwd': is not a name"),
    "timezone that is a folder": ("timezone", '"Asia"', "timezone = 'Asia': is not a name"),
    "empty timezone": ("timezone", '""', "timezone = '': is not a name"),
    "profile_identifier": ("profile_identifier", '"jp xbit"', "profile_identifier = 'jp xbit': is not a name in"),
    "profile_identifier of one label": ("profile_identifier", '"xbit"', "profile_identifier = 'xbit': is not a name"),
    "plain_http": ("plain_http", '"allow"', "plain_http = 'allow': Input should be 'serve', 'redirect' or 'refuse'"),
    "trusted_proxies": ("trusted_proxies", '["proxy.example"]', "trusted_proxies = 'proxy.example': "),
    "rate_limit": ("rate_limit", "-1", "rate_limit = -1: Input should be greater than or equal to 0"),
    "rate_burst": ("rate_burst", "0", "rate_burst = 0: Input should be greater than or equal to 1"),
    "networks that are a number": ("internal_networks", "5", "internal_networks = 5: "),
    "desk_networks": ("desk_networks", '["desk.example"]', "desk_networks = 'desk.example': "),
    "desk_user_header": (
        "desk_user_header",
        '"X Remote"',
        "desk_user_header = 'X Remote': is not the name",
    ),
    "log_format": ("log_format", '"xml"', "log_format = 'xml': Input should be 'console' or 'json'"),
    "empty name": ("provider_name", '" "', "provider_name = ' ': is empty, longer than 60 characters, or has control"),
    "long name": ("provider_name", f'"{"a" * 61}"', "is empty, longer than 60 characters, or has control characters"),
    "name in a language without pages": ("provider_name", '{ fr = "a" }', "Input should be 'ja' or 'en'"),
    "name in no language": ("provider_name", "{}", "provider_name = {}: "),
    "name that is a number": ("provider_name", "5", "provider_name = 5: Input should be a valid string"),
    "colour by its name": ("page_color", '"red"', "page_color = 'red': is not a colour of the form #1a2b3c"),
    "pale colour": (
        "page_color",
        '"#8ab8f0"',
        "is not readable on the light page: its contrast is 1.9 and must be 4.5",
    ),
    "dark colour": (
        "page_color_dark",
        '"#1d5fa6"',
        "is not readable on the dark page: its contrast is 2.3 and must be",
    ),
    "page_language": ("page_language", '"fr"', "page_language = 'fr': Input should be 'ja' or 'en'"),
    "support_url": ("support_url", '"www.a.example"', "support_url = 'www.a.example': is not a URL in ASCII; write a"),
    "script in place of a URL": ("support_url", '"javascript:alert(1)"', "is not a URL in ASCII; write a full one"),
    "support_phone": ("support_phone", '"call us"', "support_phone = 'call us': is not a telephone number: digits"),
    "network with host bits": (
        "trusted_proxies",
        '["10.0.0.1/8"]',
        "trusted_proxies = '10.0.0.1/8': has bits set behind its prefix; write 10.0.0.0/8",
    ),
    "network that is a number": (
        "internal_networks",
        "[10]",
        "internal_networks = 10: is neither a network, such as 10.",
    ),
    "network that is a list": (
        "trusted_proxies",
        '[["::/0"]]',
        "trusted_proxies = ['::/0']: is neither a network, such",
    ),
    "no network": (
        "trusted_proxies",
        '"10.0.0.0/33"',
        "trusted_proxies = '10.0.0.0/33': is neither a network, such as",
    ),
    "unknown key": ("frob", '"a"', "frob: there is no such setting; the settings are database, copy_max_age, "),
    "misspelt key": ("publik_url", '"a"', "publik_url: there is no such setting; did you mean public_url?"),
    "unknown table": ("tls", "{ key = 'a' }", "tls: there is no such setting"),
    "thousands of digits": ("default_plan", "0x" + "F" * 5000, "default_plan = a number of thousands of digits: "),
    "a list with a password": ("database", '["postgresql://u:p@h/n"]', "database = …: Input should be a valid string"),
}


@pytest.mark.parametrize(("key", "toml", "sentence"), BAD_VALUES.values(), ids=BAD_VALUES.keys())
def test_bad_value(tmp_path: Path, key: str, toml: str, sentence: str) -> None:
    """A value that cannot be used is refused by file, key and value; an unknown key beside the known ones."""
    file = tmp_path / "autoconfig.toml"
    file.write_text(f"{key} = {toml}", encoding="utf-8")

    with pytest.raises(SettingsInvalid) as caught:
        load(file, {})

    assert str(caught.value).startswith(f"{file}: {key}")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "'a'"), (16**5000, "a number of thousands of digits")],
    ids=["a text", "a number that Python does not write out"],
)
def test_shown(value: object, text: str) -> None:
    """A value is shown as Python writes it, and one that Python refuses to write is described."""
    assert text == shown(value)
