"""Pages for people, from templates/page/. Jinja, Babel and segno are loaded with the first one: machines need none."""

from autoconfig.web.pages.assets import Asset, logo, script, style
from autoconfig.web.pages.checking import check
from autoconfig.web.pages.setup import Setup

__all__ = ["Asset", "Setup", "check", "logo", "script", "style"]
