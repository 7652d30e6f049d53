from __future__ import annotations

import io

import pytest

from autoconfig.mapping.encoding import not_utf8

TEXT = "name,plan,note\r\nexample.jp,standard,日本語のメモです\r\n"


@pytest.mark.parametrize(
    "data",
    [b"", TEXT.encode(), TEXT.encode("utf-8-sig"), "é".encode(), b"\x1b$ is no shift"],
    ids=["empty", "Japanese", "with a mark", "French", "escape"],
)
def test_utf8(data: bytes) -> None:
    """UTF-8 is read, with or without a byte order mark."""
    assert not_utf8(io.BytesIO(data)) is None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (TEXT.encode("utf-16"), "is UTF-16,"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "is UTF-16,"),
        (TEXT.encode("utf-32"), "is UTF-32,"),
        (TEXT.encode("utf-16-le"), "or UTF-16;"),
        (TEXT.encode("cp932"), "looks like Shift_JIS,"),
        (TEXT.encode("euc_jp"), "looks like EUC-JP,"),
        (TEXT.encode("iso2022_jp"), "looks like ISO-2022-JP,"),
        (b"PK\x03\x04\x14\0", "a workbook"),
        (b"name,plan\n\ncaf\xe9,p\n", "is on line 3"),
    ],
    ids=["utf-16", "utf-16-be", "utf-32", "no mark", "cp932", "euc_jp", "iso2022_jp", "xlsx", "unknown"],
)
def test_another_encoding_is_named(data: bytes, says: str) -> None:
    """What is not UTF-8 is called by its name where that can be told."""
    problem = not_utf8(io.BytesIO(data))

    assert problem is not None
    assert says in problem
