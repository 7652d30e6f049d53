"""plans.toml: few plans, reviewed by people, read into `Plan` values."""

from autoconfig.plans.book import Plans
from autoconfig.plans.reading import read_file, read_plans

__all__ = ["Plans", "read_file", "read_plans"]
