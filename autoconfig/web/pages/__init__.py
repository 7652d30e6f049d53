"""Pages for people, from templates/page/. Jinja, Babel and segno are loaded with the first page."""

from autoconfig.web.pages.assets import Asset, logos, scripts, styles
from autoconfig.web.pages.setup import Setup
from autoconfig.web.pages.setup_json import SetupJSON
from autoconfig.web.pages.validation import check

__all__ = ["Asset", "Setup", "SetupJSON", "check", "logos", "scripts", "styles"]
