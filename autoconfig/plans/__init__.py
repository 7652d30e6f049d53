"""Read plans.toml, a short file that people review, into `Plan` values."""

from autoconfig.plans.plan_set import Plans
from autoconfig.plans.reading import read_file, read_plans

__all__ = ["Plans", "read_file", "read_plans"]
