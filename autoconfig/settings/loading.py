"""Read the settings: `autoconfig.toml` sets them, and `AUTOCONFIG_NAME` in the environment overrides each."""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from autoconfig.errors import SettingsInvalid
from autoconfig.settings.brands import BrandTable
from autoconfig.settings.table import Settings
from autoconfig.settings.values import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

PREFIX, FILE_NAME, FILE_VARIABLE = "AUTOCONFIG_", "autoconfig.toml", "AUTOCONFIG_CONFIG"

_NEAR = 0.8
"""Similarity (`difflib`) from which a name counts as a misspelt setting: DATABASE_URL does, SERVICE_HOST does not."""

_REMOVED = {
    "replicate_from": "was removed; set `database` to its URL, and `serve` keeps the local copy itself",
    "replica_max_age": "was renamed; it is called `copy_max_age` now",
}
"""Settings of earlier releases, and what to do about them."""


def find_file(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration file: `given`, else `AUTOCONFIG_CONFIG`, else ./autoconfig.toml."""
    return given or Path(environment.get(FILE_VARIABLE) or FILE_NAME)


def load(file: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """
    Read the settings from `file` and the environment.

    Raises:
        SettingsInvalid: the file is missing or not TOML; a setting is unknown, was removed or has an invalid value; or
            a variable resembles a setting's. The message has a line for each.
    """
    problems = _misspelt(environment)
    try:
        values = _read(file)
    except SettingsInvalid as error:
        raise SettingsInvalid("\n".join([*problems, str(error)])) from error
    origin = dict.fromkeys(values, str(file))
    for key in Settings.model_fields:
        variable = PREFIX + key.upper()
        if environment.get(variable):
            values[key], origin[key] = environment[variable], variable
    problems += _problems(values, origin, str(file))
    if problems:
        raise SettingsInvalid("\n".join(problems))
    return _anchored(Settings.model_validate(values), file.absolute().parent)


def foreign_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """
    Variables that begin with AUTOCONFIG_ and set nothing. They can be legitimate: if a service is called autoconfig,
    Kubernetes gives every container AUTOCONFIG_SERVICE_HOST and the like.
    """
    ours = {FILE_VARIABLE, *(PREFIX + key.upper() for key in Settings.model_fields)}
    return sorted(name for name, value in environment.items() if name.startswith(PREFIX) and value and name not in ours)


def _misspelt(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that resembles a setting's, or belongs to a removed one."""
    problems = []
    for variable in foreign_variables(environment):
        key = variable.removeprefix(PREFIX).lower()
        if key in _REMOVED:
            problems.append(f"{variable}: {_REMOVED[key]}")
        elif near := _nearest(key):
            problems.append(
                f"{variable}: there is no such setting; did you mean {PREFIX}{near.upper()}? Unset it if not"
            )
    return problems


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError as error:
        raise SettingsInvalid(
            f"{file}: there is no such file; `autoconfig init DIR` makes one, --config names another"
        ) from error
    except OSError as error:
        raise SettingsInvalid(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsInvalid(f"{file}: is not UTF-8; save it as UTF-8") from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and int()'s error for a number with 4301 digits
        raise SettingsInvalid(f"{file}: is not TOML: {error}") from error


def _problems(values: Mapping[str, Any], origin: Mapping[str, str], file: str) -> list[str]:
    """A sentence for each fault of the values, including those of misspelt settings."""
    try:
        Settings.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False)
        meant = {near: key for key in values if key not in Settings.model_fields and (near := _nearest(key))}
        behind = {near: values[key] for near, key in meant.items() if near not in values}
        problems = [_sentence(detail, origin, file) for detail in details]
        return problems + (_problems({"query": values.get("query"), **behind}, origin, file) if behind else [])
    return []


def _nearest(key: str) -> str | None:
    return next(iter(difflib.get_close_matches(key, Settings.model_fields, 1, _NEAR)), None)


def _sentence(detail: ErrorDetails, origin: Mapping[str, str], file: str) -> str:
    key = str(detail["loc"][0])
    where = f"{origin.get(key, file)}: {key}"
    if key == "brand" and len(detail["loc"]) > 1:
        return f"{where} {int(detail['loc'][1]) + 1}: {_of_brand(detail)}"
    if detail["type"] == "extra_forbidden" and key in _REMOVED:
        return f"{where}: {_REMOVED[key]}"
    if detail["type"] == "extra_forbidden":
        near = _nearest(key)
        known = f"did you mean {near}?" if near else f"the settings are {', '.join(Settings.model_fields)}"
        return f"{where}: there is no such setting; {known}"
    message = detail["msg"].removeprefix("Value error, ")
    given = "…" if key == "database" else shown(detail["input"])  # it may contain a password
    return f"{where} = {given}: {message}"


def _of_brand(detail: ErrorDetails) -> str:
    """The fault of a table `[[brand]]`, with its key."""
    message = detail["msg"].removeprefix("Value error, ")
    if len(detail["loc"]) == 2:
        return message
    key = str(detail["loc"][2])
    if detail["type"] == "extra_forbidden" and len(detail["loc"]) == 3:
        near = difflib.get_close_matches(key, BrandTable.model_fields, 1, _NEAR)
        known = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(BrandTable.model_fields)}"
        return f"{key}: there is no such key; {known}"
    return f"{key} = {shown(detail['input'])}: {message}"


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Make every relative path absolute, starting from `folder`."""
    fields = type(settings).model_fields
    paths = {name: folder / path for name in fields if isinstance(path := getattr(settings, name), Path)}
    brands = tuple(
        brand.model_copy(update={"provider_logo": folder / brand.provider_logo}) if brand.provider_logo else brand
        for brand in settings.brand
    )
    database = _anchored_url(settings.database, folder)
    return settings.model_copy(update={"database": database, "brand": brands, **paths})


def _anchored_url(url: str, folder: Path) -> str:
    scheme, _, path = url.partition(":///")
    if scheme.startswith("sqlite") and path and not path.startswith("/"):
        return f"{scheme}:///{folder / path}"
    return url
