"""The bill of materials of a release, as CycloneDX 1.6 JSON."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.release.libraries import Library

NAME = "mail-autoconfig"
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "pkg:pypi/mail-autoconfig")


def sbom(version: str, epoch: int, libraries: list[Library], direct: list[str]) -> dict[str, object]:
    """
    The bill of materials: the same for the same version, time and libraries.

    Args:
        version: that of the release.
        epoch: the time of the release's commit, in seconds.
        libraries: all of the lock.
        direct: the names that the package itself requires.
    """
    purls = {library.name: f"pkg:pypi/{library.name}@{library.version}" for library in libraries}
    own = f"pkg:pypi/{NAME}@{version}"
    listed = [
        {
            "type": "library",
            "bom-ref": purls[library.name],
            "name": library.name,
            "version": library.version,
            "scope": library.scope,
            "licenses": [_licence(library)],
            "purl": purls[library.name],
        }
        for library in libraries
    ]
    edges = [
        {"ref": purls[library.name], "dependsOn": [purls[name] for name in library.needs]} for library in libraries
    ]
    identity = "\n".join([own, str(epoch), *purls.values()])
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_SPACE, identity)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": NAME,
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
                "purl": own,
            },
        },
        "components": listed,
        "dependencies": [{"ref": own, "dependsOn": [purls[name] for name in direct]}, *edges],
    }


def _licence(library: Library) -> dict[str, object]:
    if library.is_expression:
        return {"expression": library.licence}
    return {"license": {"name": library.licence or "not declared"}}
