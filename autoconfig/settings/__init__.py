"""The table of settings, and the checks of their values."""

from autoconfig.settings.brands import MOST_BRANDS, BrandTable
from autoconfig.settings.kinds import PageLanguage
from autoconfig.settings.loading import FILE_NAME, FILE_VARIABLE, PREFIX, find_file, foreign_variables, load
from autoconfig.settings.table import LogFormat, Network, PlainHTTP, Settings

__all__ = [
    "FILE_NAME",
    "FILE_VARIABLE",
    "MOST_BRANDS",
    "PREFIX",
    "BrandTable",
    "LogFormat",
    "Network",
    "PageLanguage",
    "PlainHTTP",
    "Settings",
    "find_file",
    "foreign_variables",
    "load",
]
