"""Reads a `config-v1.1.xml` that somebody published, leniently as mail programs do, and makes a plan of it."""

from autoconfig.formats.mozilla_import.document import Imported, read_document
from autoconfig.formats.mozilla_import.parsing import MAX_OCTETS
from autoconfig.formats.mozilla_import.published import Endpoint, Published, read_published

__all__ = ["MAX_OCTETS", "Endpoint", "Imported", "Published", "read_document", "read_published"]
