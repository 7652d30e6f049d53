"""Reads a `config-v1.1.xml` that somebody published, leniently as mail programs do, and makes a plan of it."""

from autoconfig.formats.mozilla_import.document import Imported, read_document
from autoconfig.formats.mozilla_import.parsing import MAX_OCTETS

__all__ = ["MAX_OCTETS", "Imported", "read_document"]
