"""The manifests for Kubernetes; `make schemas` checks them against the published schemas."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.plans import read_file
from autoconfig.settings import load
from tests.conftest import needs_file
from tests.deploy.site import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "deploy" / "kubernetes"
DOCKERFILE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def objects() -> dict[str, dict[str, Any]]:
    """What is described, by its kind; read by Debian's YAML."""
    needs_file("/usr/lib/python3/dist-packages/yaml", "python3-yaml")
    script = "import json, sys, yaml; print(json.dumps([*yaml.safe_load_all(sys.stdin)]))"
    text = "\n---\n".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yaml")))
    done = subprocess.run(["/usr/bin/python3", "-c", script], input=text, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return {described["kind"]: described for described in found}


@pytest.fixture(scope="module")
def pod(objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The pod of the server."""
    found: dict[str, Any] = objects["Deployment"]["spec"]["template"]["spec"]
    return found


def test_restricted(objects: dict[str, dict[str, Any]], pod: dict[str, Any]) -> None:
    """Every container keeps to the pod security standard `restricted`, with a read-only root, as the image's user."""
    (user,) = re.findall(r"^USER (\d+):\1$", DOCKERFILE, re.MULTILINE)
    context = pod["securityContext"]

    assert objects["Namespace"]["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}
    assert (context["runAsNonRoot"], context["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
    assert {str(context[name]) for name in ("runAsUser", "runAsGroup", "fsGroup")} == {user}
    assert pod["automountServiceAccountToken"] is False
    for container in [*pod["initContainers"], *pod["containers"]]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]


def test_volumes(pod: dict[str, Any]) -> None:
    """Each mounted volume exists, and only the state and /tmp are written."""
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in [*pod["initContainers"], *pod["containers"]]:
        mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}

        assert {mount["name"] for mount in mounts.values()} == volumes
        assert {path for path, mount in mounts.items() if not mount.get("readOnly")} == {"/var/lib/autoconfig", "/tmp"}


def test_probes(pod: dict[str, Any]) -> None:
    """Readiness is the health check of the image, which works where /internal/ answers nobody else."""
    (server,) = pod["containers"]
    (check,) = re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    ports = {port["name"]: port["containerPort"] for port in server["ports"]}

    for probe in ("startupProbe", "readinessProbe"):
        assert server[probe]["exec"]["command"] == json.loads(check)
    assert server["livenessProbe"]["tcpSocket"]["port"] in ports
    assert str(ports["http"]) in server["args"]
    assert server["image"] == pod["initContainers"][0]["image"]


def test_names(objects: dict[str, dict[str, Any]], pod: dict[str, Any]) -> None:
    """The Service, the budget and the spread find the pods, and volumes the ConfigMap."""
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    (spread,) = pod["topologySpreadConstraints"]

    assert objects["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert objects["Service"]["spec"]["selector"] == labels
    assert objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert spread["labelSelector"]["matchLabels"] == labels
    assert {"configMap": {"name": objects["ConfigMap"]["metadata"]["name"]}}.items() <= pod["volumes"][0].items()


def test_configuration(objects: dict[str, dict[str, Any]], pod: dict[str, Any], tmp_path: Path) -> None:
    """The settings and plans of the ConfigMap are valid, and name the folders that are mounted."""
    for name, text in objects["ConfigMap"]["data"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    settings = load(tmp_path / "autoconfig.toml", {})
    paths = {mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}

    assert read_file(settings.plans).plans.keys() == {"standard"}
    assert str(settings.state_dir) in paths
    assert settings.database.partition("password_file=")[2].rpartition("/")[0] in paths
