"""Public forges run what .ci/run runs, on Debian 12 and 13."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import needs_file

ROOT = Path(__file__).parents[1]
FILES = [".github/workflows/ci.yml", ".gitlab-ci.yml"]


def read(name: str) -> tuple[dict[str, Any], str]:
    """A file, read by Debian's YAML, and its text."""
    needs_file("/usr/lib/python3/dist-packages/yaml", "python3-yaml")
    script = "import json, sys, yaml; print(json.dumps(yaml.load(sys.stdin, yaml.BaseLoader)))"
    text = (ROOT / name).read_text(encoding="utf-8")
    done = subprocess.run(["/usr/bin/python3", "-c", script], input=text, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found["jobs"]["test"] if "jobs" in found else found["test"], text


@pytest.mark.parametrize("name", FILES)
def test_same_commands(name: str) -> None:
    """The job calls `make check` and `make test`, as .ci/run does, and nothing else of make's."""
    job, _ = read(name)
    lines = [step["run"] for step in job["steps"] if "run" in step] if "steps" in job else job["script"]
    wanted = re.findall(r"^make \S+$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)

    assert wanted == ["make check", "make test"]
    assert [line for line in lines if line.startswith("make ")] == wanted


@pytest.mark.parametrize("name", FILES)
def test_both_suites(name: str) -> None:
    """It does so on Debian 12 and 13, with what the README asks for."""
    job, text = read(name)
    matrix = job["strategy"]["matrix"]["suite"] if "strategy" in job else job["parallel"]["matrix"][0]["SUITE"]
    image = job["container"] if "container" in job else job["image"]

    assert matrix == ["bookworm", "trixie"]
    assert re.fullmatch(r"debian:(\$SUITE|\$\{\{ matrix\.suite \}\})", image)
    assert " make python3-venv\n" in text
