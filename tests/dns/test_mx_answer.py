from __future__ import annotations

import pytest

from autoconfig.dns.mx_answer import MXAnswer, MXStatus

TEMPORARY = {MXStatus.FAILED, MXStatus.TIMED_OUT, MXStatus.OVER_BUDGET, MXStatus.OVER_SHARE}


@pytest.mark.parametrize("status", MXStatus)
def test_temporary(status: MXStatus) -> None:
    """Answers of the DNS are distinguished from missing answers."""
    assert MXAnswer(status).temporary is (status in TEMPORARY)


def test_equal() -> None:
    """Two answers that say the same are the same, however long each may be kept."""
    assert MXAnswer(MXStatus.NO_MX, ttl=1) == MXAnswer(MXStatus.NO_MX, ttl=2)
