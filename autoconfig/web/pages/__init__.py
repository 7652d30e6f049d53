"""Pages for people, from templates/page/. Jinja, Babel and segno are loaded with the first one: machines need none."""

from autoconfig.web.pages.assets import logo, script, style
from autoconfig.web.pages.checking import check
from autoconfig.web.pages.setup import setup

__all__ = ["check", "logo", "script", "setup", "style"]
