"""
Sets of servers to as few plans as serve every domain exactly what it has.

In this order:

1. A plan that is there already and says just this set of servers, if need be with params.
2. One new plan for each set of servers. Where the domain itself stands in a host, a user name or a URL, the set can be
   written with `{domain}` or without: that writing wins with which most domains can share a plan.
3. Of those, three or more that differ only in hosts become one plan with a param for each host that differs, if their
   names do not differ too. A value that at least half of the domains have becomes the default.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from autoconfig.migrate.shape import Frame, Shape, params_for, template_of, writings

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from autoconfig.mail.plan import Plan

SEVERAL = 3
"""So many plans that differ only in hosts become one with params."""

_Choice = TypeVar("_Choice", bound="Hashable")


class Member(NamedTuple):
    """A domain that needs a plan."""

    domain: str
    shape: Shape
    name: str
    """What people are shown; an empty text where that is only the domain itself."""


class Existing(NamedTuple):
    """Domains for which there is a plan."""

    plan: Plan
    members: Sequence[tuple[Member, Mapping[str, str]]]
    """With the params that each needs."""


class New(NamedTuple):
    """Domains for which a plan is to be made."""

    shape: Shape
    """With slots for `params` in its hosts."""
    params: Mapping[str, str | None]
    """Default of each param, `None` where every row has to give it."""
    members: Sequence[tuple[Member, Mapping[str, str]]]
    """With the params that each needs."""


def group(
    members: Sequence[Member], plans: Iterable[Plan], advance: Callable[[int], None] = lambda _domains: None
) -> tuple[list[Existing], list[New]]:
    """Find a plan for each member; the largest groups come first. `advance` is told how many more were looked at."""
    written: list[list[Shape]] = []
    for member in members:
        written.append(writings(member.shape, member.domain))
        advance(1)
    existing, left = _existing(members, written, plans)
    chosen: dict[Shape, list[Member]] = defaultdict(list)
    for index, shape in zip(left, cover([written[index] for index in left]), strict=True):
        chosen[shape].append(members[index])
    return existing, sorted(_merged(chosen), key=lambda new: -len(new.members))


def cover(options: Sequence[Sequence[_Choice]]) -> list[_Choice]:
    """
    Choose one option for each item, so that few different ones are chosen: always the one that most items can share.

    Among those that equally many can share, the one that an item names earlier counts, then the one that is seen first.
    """
    can: dict[_Choice, list[int]] = defaultdict(list)
    rank: dict[_Choice, tuple[int, int]] = {}
    for item, choices in enumerate(options):
        for place, choice in enumerate(choices):
            can[choice].append(item)
            rank[choice] = min(rank.get(choice, (place, len(rank))), (place, len(rank)))
    count = {choice: len(items) for choice, items in can.items()}
    heap = [(-count[choice], rank[choice], number) for number, choice in enumerate(can)]
    heapq.heapify(heap)
    by_number = list(can)
    found: dict[int, _Choice] = {}
    while heap:
        size, order, number = heapq.heappop(heap)
        choice = by_number[number]
        if count[choice] == 0:
            continue
        if -size != count[choice]:  # others were chosen meanwhile
            heapq.heappush(heap, (-count[choice], order, number))
            continue
        for item in can[choice]:
            if item not in found:
                found[item] = choice
                for other in options[item]:
                    count[other] -= 1
    return [found[item] for item in range(len(options))]


def _existing(
    members: Sequence[Member], written: Sequence[Sequence[Shape]], plans: Iterable[Plan]
) -> tuple[list[Existing], list[int]]:
    """What plans that are there can serve, and the numbers of the members that none of them can."""
    by_frame: dict[Frame, list[Plan]] = defaultdict(list)
    for plan in plans:
        by_frame[template_of(plan).frame].append(plan)
    known: dict[tuple[str, Shape], dict[str, str] | None] = {}
    options: list[list[str]] = []
    served: list[dict[str, Mapping[str, str]]] = []
    for shapes in written:
        params: dict[str, Mapping[str, str]] = {}
        for shape in shapes:
            for plan in by_frame.get(shape.frame, ()):
                key = (plan.key, shape)
                if key not in known:
                    known[key] = params_for(plan, shape)
                if (given := known[key]) is not None:
                    params.setdefault(plan.key, given)
        served.append(params)
        fewest = min(map(bool, params.values()), default=False)  # a plan that needs no params is meant for this
        options.append([key for key, given in params.items() if bool(given) is fewest])
    fit = [index for index, keys in enumerate(options) if keys]
    found: dict[str, list[tuple[Member, Mapping[str, str]]]] = defaultdict(list)
    for index, chosen in zip(fit, cover([options[index] for index in fit]), strict=True):
        found[chosen].append((members[index], served[index][chosen]))
    by_key = {plan.key: plan for of_frame in by_frame.values() for plan in of_frame}
    left = [index for index, keys in enumerate(options) if not keys]
    return [Existing(by_key[key], domains) for key, domains in found.items()], left


def _merged(chosen: Mapping[Shape, Sequence[Member]]) -> Iterable[New]:
    """Plans of one skeleton as one with params, where there are several."""
    alike: dict[object, list[Shape]] = defaultdict(list)
    for shape, members in chosen.items():
        name = _name(members)
        same = tuple(map(shape.hosts.index, shape.hosts))  # which servers share a host
        blank = shape.with_hosts(("",) * len(shape.hosts))
        alike[blank, same, name].append(shape)
    for shapes in alike.values():
        if len(shapes) < SEVERAL:
            for shape in shapes:
                yield New(shape, {}, [(member, {}) for member in chosen[shape]])
        else:
            yield _with_params(shapes, chosen)


def _with_params(shapes: Sequence[Shape], chosen: Mapping[Shape, Sequence[Member]]) -> New:
    hosts = list(zip(*(shape.hosts for shape in shapes), strict=True))
    first = shapes[0]
    names: dict[int, str] = {}  # the place where a host stands first → its param
    for place, varying in enumerate(hosts):
        if first.hosts.index(first.hosts[place]) == place and len(set(varying)) > 1:
            names[place] = _param(first, place, names.values())
    if len(names) == 1:
        names = dict.fromkeys(names, "host")
    total = sum(len(chosen[shape]) for shape in shapes)
    defaults: dict[str, str | None] = {}
    for place, name in names.items():
        value, count = Counter(shape.hosts[place] for shape in shapes for _ in chosen[shape]).most_common(1)[0]
        defaults[name] = value if 2 * count >= total else None
    slots = [f"{{{names[source]}}}" if (source := first.hosts.index(host)) in names else host for host in first.hosts]
    members = [
        (member, {name: shape.hosts[place] for place, name in names.items() if shape.hosts[place] != defaults[name]})
        for shape in shapes
        for member in chosen[shape]
    ]
    return New(first.with_hosts(slots), defaults, members)


def _param(shape: Shape, place: int, taken: Iterable[str]) -> str:
    """`imap_host`, or `imap_host_2` for the second one."""
    name = f"{shape.frame.servers[place][0].value}_host"
    number = sum(other.startswith(name) for other in taken)
    return f"{name}_{number + 1}" if number else name


def _name(members: Sequence[Member]) -> str:
    """What most of them are called."""
    return Counter(member.name for member in members).most_common(1)[0][0]
