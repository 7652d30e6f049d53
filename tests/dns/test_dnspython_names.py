"""The names of dnspython that it does not promise are there, and mean what they meant."""

from __future__ import annotations

import inspect

import dns.asyncresolver
import dns.message
import dns.name
import dns.nameserver
import dns.resolver

from autoconfig.dns.nameservers import Nameservers, _Bounded
from tests.support.relied_on import names_used, overridden


def test_nameserver() -> None:
    """A name server is asked by this method, with these parameters, and says so itself where to ask."""
    server = dns.nameserver.Do53Nameserver("192.0.2.1", 53)

    parameters = "request, timeout, source, source_port, max_size, backend, one_rr_per_rrset, ignore_trailing"

    assert overridden(_Bounded) == {"async_query": f"self, {parameters}"}
    assert inspect.iscoroutinefunction(dns.nameserver.Do53Nameserver.async_query)
    assert {"address", "port", "async_query"} <= names_used(_Bounded)
    assert [name for name in sorted(names_used(_Bounded)) if not hasattr(server, name)] == []


def test_resolver_takes_ours() -> None:
    """A resolver asks the name servers that it was given, and makes no others of them."""
    nameservers = Nameservers([("192.0.2.1", 5353)]).resolver(2).nameservers

    assert [type(server) for server in nameservers] == [_Bounded]
    assert isinstance(dns.asyncresolver.Resolver(configure=False).timeout, float)


def test_responses_of_errors() -> None:
    """The errors of a resolver keep the answers that they are about."""
    name, response = dns.name.from_text("a.example"), dns.message.QueryMessage()
    none = dns.resolver.NXDOMAIN(qnames=[name], responses={name: response})  # type: ignore[no-untyped-call]
    empty = dns.resolver.NoAnswer(response=response)  # type: ignore[no-untyped-call]

    assert none.responses() == {name: response}  # type: ignore[no-untyped-call]
    assert empty.response() is response  # type: ignore[no-untyped-call]
