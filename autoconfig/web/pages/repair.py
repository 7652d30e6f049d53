"""Correct common typing and copying mistakes in an address."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

# A Japanese keyboard types these for ASCII. No address contains them, and with them no login succeeds.
_FULL_WIDTH = {code + 0xFEE0: code for code in range(0x21, 0x7F)} | {0x3000: 0x20}
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
# `Taro Yamada <taro@example.jp>`, as copied from a letter.
_NAMED = re.compile(r"[^<>]*<([^<>]+)>")
# Hyphens, dashes, minus, and the long vowel mark of the same key: in an ASCII word each is a hyphen. Next to a kana ー
# is a letter, which a domain may have.
_DASHES = "\u2010-\u2015\u2212\u30fc\uff70"
_DASH = re.compile(rf"(?<=[A-Za-z0-9{_DASHES}-])[{_DASHES}](?=[A-Za-z0-9{_DASHES}-])")
# A run of spaces is tried from its first one only, so that it costs no more than its length.
_AT_SIGNS = re.compile(r"(?<!\s)\s*+@[\s@]*")
_URL = re.compile(r"[a-z][a-z0-9+.-]*:/+", re.IGNORECASE)
# Commas and ideographic full stops used as dots; several dots count as one.
_DOTS = re.compile(r"(?<!\s)\s*+[.,、。・｡][\s.,、。・｡]*")
_WWW = re.compile(r"www\.(?=[^.]+\.[^.]+)", re.IGNORECASE)


def repaired(text: str) -> str:
    """
    `text` corrected to the address or domain that was probably meant.

    Corrects full-width letters, spaces, `mailto:`, a name before `<…>`, several @, commas for dots, dashes for hyphens,
    `https://` and a path, `www.`, and dots around the whole.
    """
    plain = _INVISIBLE.sub("", text.translate(_FULL_WIDTH)).strip()
    if plain[:7].lower() == "mailto:":  # RFC 6068
        plain = unquote(plain[7:].partition("?")[0])
    if named := _NAMED.fullmatch(plain):
        plain = named[1]
    if scheme := _URL.match(plain):
        plain = re.split(r"[/?#]", plain[scheme.end() :], maxsplit=1)[0]
    plain = _AT_SIGNS.sub("@", plain)
    local, at, domain = plain.rpartition("@")
    domain = _DOTS.sub(".", unicodedata.normalize("NFKC", _DASH.sub("-", domain))).strip(" .;:>")
    return f"{''.join(_DASH.sub('-', local).split())}{at}{_WWW.sub('', domain, count=1)}"
