"""What the tests' Knot has: customers of the demo's provider, strangers, and zones that somebody made to hurt."""

from __future__ import annotations

NEGATIVE_TTL = 17

_MANY = "\n".join(f"many MX {1000 + number} m{number}.many.co.jp." for number in range(100))
_TOO_MANY = "\n".join(f"too-many MX {1000 + number} m{number}.too-many.co.jp." for number in range(3000))

CO_JP = rf"""
$ORIGIN co.jp.
$TTL 60
@            600 SOA ns.co.jp. hostmaster.co.jp. 1 3600 600 86400 {NEGATIVE_TTL}
@            NS ns.co.jp.
ns           A 127.0.0.1
customer     7200 MX 10 cs312.xbit.jp.
second       MX 10 mail.elsewhere.jp.
second       MX 20 cs313.xbit.jp.
second       MX 30 cs314.xbit.jp.
preferred    MX 30 CS315.Xbit.JP.
preferred    MX 5 cs316.xbit.jp.
stranger     MX 10 mail.elsewhere.jp.
no-mail      MX 0 .
no-mx        A 192.0.2.1
alias        CNAME customer
alias-away   CNAME elsewhere.jp.
loop         CNAME pool
pool         CNAME loop
brief        1 MX 10 cs312.xbit.jp.
delegated    NS ns.elsewhere.jp.
names        MX 10 a\032b\000.co.jp.
names        MX 20 _mail.co.jp.
names        MX 30 \255\254.co.jp.
names        MX 40 -cs312.xbit.jp.
names-only   MX 10 _mail.co.jp.
*.wild       MX 10 cs312.xbit.jp.
xn--wgv71a119e MX 10 cs312.xbit.jp.
{_MANY}
{_TOO_MANY}
"""

ZONES: dict[str, str | None] = {"co.jp": CO_JP, "broken.jp": None}
"""All else is refused."""
