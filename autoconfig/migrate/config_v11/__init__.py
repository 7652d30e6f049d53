"""Read a published `config-v1.1.xml` as leniently as mail programs do, and make a plan of it."""

from autoconfig.migrate.config_v11.document import Imported, read_document
from autoconfig.migrate.config_v11.parsing import MAX_OCTETS
from autoconfig.migrate.config_v11.published import Published, PublishedServer, read_published

__all__ = ["MAX_OCTETS", "Imported", "Published", "PublishedServer", "read_document", "read_published"]
