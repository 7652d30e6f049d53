from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from lxml import etree

from autoconfig.formats.xml import NOT_XML, child, local_name, parsed, serialised

DOCUMENTS = sorted((Path(__file__).parent / "expected").glob("*.xml"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_leaves(path: Path) -> None:
    """No element with a text has space around it, an attribute or a prefix: several clients read raw text."""
    leaves = [element for element in ET.parse(path).iter() if len(element) == 0]

    assert [(leaf.text or "").strip() for leaf in leaves] == [leaf.text or "" for leaf in leaves]
    assert not any(leaf.attrib for leaf in leaves)
    assert not re.search(rb"</?\w+:|<!|<\?(?!xml )", path.read_bytes())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_bytes(path: Path) -> None:
    """Documents are UTF-8 without BOM and say so, and end with a line end."""
    document = path.read_bytes()

    assert document.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<')
    assert document.endswith(b">\n")
    assert b"\r" not in document
    assert "&#" not in document.decode()


def test_child() -> None:
    """A child is in its parent's namespace and comes last."""
    root = etree.Element("{urn:x}root", nsmap={None: "urn:x"})
    child(root, "first", "日本 <&>", lang="ja")
    child(root, "second")

    assert [(str(element.tag), element.text, dict(element.attrib)) for element in root] == [
        ("{urn:x}first", "日本 <&>", {"lang": "ja"}),
        ("{urn:x}second", None, {}),
    ]


def test_serialised() -> None:
    """One element a line, nothing around a text, characters as themselves."""
    root = etree.Element("root")
    child(root, "leaf", "日本 <&>")

    assert serialised(root).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<root>\n  <leaf>日本 &lt;&amp;&gt;</leaf>\n</root>\n'
    )


def test_parsed() -> None:
    """What anybody wrote is read with or without what stands beside its elements."""
    body = b"<a xmlns='urn:x'><!-- c --><?p i?><b/></a>"
    with_asides, without = parsed(body, asides=True), parsed(body, asides=False)
    assert with_asides is not None
    assert without is not None

    assert (len(with_asides), len(without)) == (3, 1)
    assert local_name(without) == "a"


REFUSED = {
    "no XML": b"a",
    "nothing": b"",
    "encoding": b"<?xml version='1.0' encoding='x-none'?><a/>",
    "nested deeply": b"<a>" * 300 + b"</a>" * 300,
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_not_parsed(body: bytes) -> None:
    """What is no XML, or nested too deeply, is not read."""
    with pytest.raises(NOT_XML):
        parsed(body, asides=True)


def test_doctype() -> None:
    """With a DOCTYPE nothing is read, and the next document is not taken for one that has it."""
    assert parsed(b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", asides=True) is None
    assert parsed(b"<a/>", asides=True) is not None
