"""
Keep the catalogues in step with the templates: run `python -m autoconfig.web.pages.messages` after editing a template.
The templates are in English, so its catalogue fills itself; new messages in Japanese are left empty for a translator,
and `faults` reports them.
"""

from __future__ import annotations

import io
import re
from importlib.resources import as_file
from pathlib import Path
from typing import TYPE_CHECKING

from autoconfig.resources import templates
from autoconfig.settings import PageLanguage
from autoconfig.web.pages import catalogues, files
from autoconfig.web.pages.rendering import EXTENSIONS, SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Catalog, Message

_SLOT = re.compile(r"%\(\w+\)s|</?\w+")


def extracted() -> Catalog:
    """All messages of the shipped templates, with the templates that contain them."""
    from babel.messages.catalog import Catalog
    from jinja2.ext import babel_extract

    catalogue = Catalog(charset="utf-8")
    options = {"extensions": ",".join(EXTENSIONS), "trimmed": "true", "silent": "false"}
    for name, source in _sources():
        for _line, _function, message, comments in babel_extract(
            io.BytesIO(source), ["_", "gettext"], ["NOTE:"], options
        ):
            # Without line numbers, so that an edited template does not change the whole catalogue.
            # `_` with values comes as a tuple.
            text = message[0] if isinstance(message, tuple) else message
            catalogue.add(str(text), locations=[(name, None)], auto_comments=comments)  # type: ignore[list-item]
    return catalogue


def _sources() -> Iterator[tuple[str, bytes]]:
    """Every shipped template of the pages, then of letters: its name and its text."""
    for folder, prefix in ((files.shipped(), ""), (templates() / files.LETTER, files.LETTER)):
        with as_file(folder) as place:
            for path in sorted(Path(place).rglob(f"*{SUFFIX}")):
                yield prefix + path.relative_to(place).as_posix(), path.read_bytes()


def updated(language: PageLanguage, source: bytes) -> bytes:
    """The catalogue with exactly the messages of the templates; translations that still apply are kept."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    old = catalogues.read(language, source)
    new = Catalog(locale=language.value, charset="utf-8", fuzzy=False)
    for message in _messages(extracted()):
        kept = old.get(str(message.id))
        text = str(message.id) if language is PageLanguage.EN else str(kept.string) if kept else ""
        new.add(str(message.id), text, locations=message.locations, auto_comments=message.auto_comments)
    written = io.BytesIO()
    write_po(written, new, width=118, omit_header=True, sort_output=False)
    return _HEADER.format(language=language.value).encode() + written.getvalue()


def faults(language: PageLanguage, source: bytes) -> list[str]:
    """The messages that are missing, stale, fuzzy or have other slots, one sentence each."""
    known, wanted = catalogues.read(language, source), extracted()
    found = [f"stale: {message.id!r}" for message in _messages(known) if message.id not in wanted]
    for message in _messages(wanted):
        translated = known.get(str(message.id))
        if translated is None or not translated.string:
            found.append(f"missing: {message.id!r}")
        elif translated.fuzzy:
            found.append(f"fuzzy: {message.id!r}")
        elif set(_SLOT.findall(str(translated.string))) != set(_SLOT.findall(str(message.id))):
            found.append(f"other slots or tags: {message.id!r}")
    return found


_HEADER = """\
# The words of the pages in this language. After a template was edited:
#   python -m autoconfig.web.pages.messages
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def main() -> None:
    """Rewrite the catalogues of a checkout."""
    with as_file(files.shipped()) as folder:
        for language in PageLanguage:
            path = Path(folder) / catalogues.path_of(language)
            path.write_bytes(updated(language, path.read_bytes() if path.exists() else b""))


if __name__ == "__main__":
    main()
