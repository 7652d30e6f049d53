"""The addresses of names, resolved once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoconfig.check.domain_view import DomainView, NameAddresses


class Addresses:
    """Resolves each name once."""

    def __init__(self, view: DomainView, *, allow_private: bool) -> None:
        self._view, self._allow_private = view, allow_private
        self._known: dict[str, NameAddresses] = {}

    async def of(self, name: str) -> NameAddresses:
        """The addresses of a name; none if it has none, or the DNS could not be asked."""
        if name not in self._known:
            there = await self._view.destination(name)
            self._known[name] = there.addresses(allow_private=self._allow_private)
        return self._known[name]
