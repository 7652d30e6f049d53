"""What was seen of a server as JSON, so that an interrupted check goes on without asking again."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from autoconfig.check.certificate import CertificateFacts
from autoconfig.check.dialogue import Offers
from autoconfig.check.flaw import Flaw
from autoconfig.check.observation import Observation
from autoconfig.check.observation_store import BareObservation
from autoconfig.check.tls_handshake import ChainProblem, Handshake

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = 1024
"""Observations that stay read: each is used by all domains on its server."""
_TIMES = ("not_before", "not_after")


def observation_text(seen: Observation) -> str:
    """Write an observation."""
    return json.dumps(
        {
            "flaws": seen.flaws,
            "no_connection": seen.no_connection,
            "no_route": seen.no_route,
            "certificate": seen.certificate and _certificate_value(seen.certificate),
            "offers": seen.offers and {**asdict(seen.offers), "mechanisms": sorted(seen.offers.mechanisms)},
        }
    )


@lru_cache(KEPT)
def observation_of(text: str) -> Observation:
    """
    Read what `observation_text` wrote.

    Raises:
        ValueError, KeyError, TypeError: another program, or another release, wrote it.
    """
    value = json.loads(text)
    offers = value["offers"]
    return Observation(
        tuple(Flaw(*flaw) for flaw in value["flaws"]),
        value["no_connection"],
        value["no_route"],
        value["certificate"] and _certificate(value["certificate"]),
        offers and Offers(**{**offers, "mechanisms": frozenset(offers["mechanisms"])}),
    )


def bare_text(observation: BareObservation) -> str:
    """Write what a client without SNI saw."""
    shown = observation.shown
    if not isinstance(shown, Handshake):
        return json.dumps(shown)
    return json.dumps(
        {
            "version": shown.version,
            "chain": [_certificate_value(facts) for facts in shown.chain],
            "problems": [(problem.number, problem.depth) for problem in shown.problems],
        }
    )


def bare_of(text: str) -> BareObservation:
    """
    Read what `bare_text` wrote.

    Raises:
        ValueError, KeyError, TypeError: another program, or another release, wrote it.
    """
    value = json.loads(text)
    if not isinstance(value, dict):
        return BareObservation(value)
    chain = tuple(map(_certificate, value["chain"]))
    problems = tuple(ChainProblem(*problem) for problem in value["problems"])
    return BareObservation(Handshake(value["version"], None, chain, problems))


def _certificate_value(facts: CertificateFacts) -> dict[str, Any]:
    return {**asdict(facts), **{name: getattr(facts, name).timestamp() for name in _TIMES}}


def _certificate(value: Mapping[str, Any]) -> CertificateFacts:
    times = {name: dt.datetime.fromtimestamp(value[name], dt.UTC) for name in _TIMES}
    kept = {field.name: value[field.name] for field in fields(CertificateFacts)}
    return CertificateFacts(**{**kept, "names": tuple(value["names"]), **times})
