"""See at the start that the desk's page can be made from an operator's own templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import SettingsInvalid
from autoconfig.explain.sheet import SheetSection
from autoconfig.settings import PageLanguage
from autoconfig.single_check.start import CheckProgress
from autoconfig.web.desk.lookup import FoundName, FoundNames
from autoconfig.web.desk.page import TEMPLATE, DeskProblem, DeskView
from autoconfig.web.desk.request import SAID, DeskRequest
from autoconfig.web.pages import rendering
from autoconfig.web.pages.page import text_of
from autoconfig.web.pages.programs import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.settings import Settings


def check_desk(settings: Settings) -> None:
    """
    Make every kind of the desk's page, if the operator has templates.

    Raises:
        SettingsInvalid: a file cannot be used; the message says which, where, and why.
    """
    own = settings.templates_dir
    if own is None:
        return  # the shipped ones are tested
    for language in PageLanguage:
        try:
            for said in (None, *SAID):
                request = DeskRequest("sample.invalid", language, True, "Taro", said)
                for view in _samples():
                    text_of(settings, request, TEMPLATE, own, desk=view)
        except Exception as error:
            problem = f"{rendering.fault(error)} (in the desk's page in {language.value})"
            raise SettingsInvalid(f"templates_dir = '{own}': {problem}; correct the file or take it away") from error


def _samples() -> Iterator[DeskView]:
    """Views that together use every sentence."""
    pairs = SheetSection("links", "Links", [("Page", "https://sample.invalid/")])
    table = SheetSection("check", "Check", [("a", "")], ("A", "B"), "Checked.")
    yield DeskView(unreadable=True, searches=False)
    yield DeskView((pairs, table), token="0", progress=CheckProgress(1, running=False, busy=False), failed=True)  # noqa: S106 (no password)
    yield DeskView((pairs, table), progress=CheckProgress(1, running=True, busy=True), programs=list(Program))
    yield from (DeskView(problem=problem, detail="Reason") for problem in DeskProblem)
    yield DeskView((table,), unable=True)
    names = [FoundName("sample.invalid", "plan"), FoundName("sample.invalid", None)]
    yield DeskView(found=FoundNames(names, has_more=True))
    yield DeskView(found=FoundNames([], has_more=False))
