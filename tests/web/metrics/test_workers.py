from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

import pytest

from autoconfig.web.metrics.workers import SLOTS, CounterFile, Totals, WorkerState

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from tests.support.log_lines import LogLines


def worker(folder: Path, count: int, told: Connection) -> None:
    """Another process, which counts something, says so, and lives on."""
    CounterFile(folder).write({"a": count}, {"started": float(count)})
    told.send(None)
    signal.pause()


class Workers:
    """Processes that can be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.running = folder, list[multiprocessing.process.BaseProcess]()

    def start(self, count: int) -> None:
        """One more, which has counted."""
        context = multiprocessing.get_context("spawn")
        heard, told = context.Pipe(duplex=False)
        self.running.append(context.Process(target=worker, args=(self.folder, count, told)))
        self.running[-1].start()
        assert heard.poll(60)

    def kill(self) -> None:
        """End the one that was started last, without a word."""
        process = self.running.pop()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()


@pytest.mark.timeout(300)
def test_workers(tmp_path: Path) -> None:
    """Any worker answers for all; one that is killed leaves what it counted, and its successor goes on from there."""
    counter_file, workers = CounterFile(tmp_path), Workers(tmp_path)
    counter_file.write({"a": 1}, {"started": 1.0})
    workers.start(10)
    workers.start(100)
    three = counter_file.total({"a": 2}, {"started": 1.0})
    workers.kill()
    two = counter_file.total({"a": 3}, {"started": 1.0})
    workers.start(1000)
    again = counter_file.total({"a": 4}, {"started": 1.0})
    workers.kill()
    workers.kill()

    assert three == Totals(
        {"a": 112},
        [WorkerState(0, {"started": 1.0}), WorkerState(1, {"started": 10.0}), WorkerState(2, {"started": 100.0})],
    )
    assert two == Totals({"a": 113}, [WorkerState(0, {"started": 1.0}), WorkerState(1, {"started": 10.0})])
    assert again.counts == {"a": 1114}
    assert [found.gauges["started"] for found in again.workers] == [1.0, 10.0, 1000.0]
    assert sorted(file.name for file in tmp_path.glob("*.json")) == ["0.json", "1.json", "2.json"]


def test_restart(tmp_path: Path) -> None:
    """What is counted survives a restart of the server, and nothing is counted twice."""
    for count in (5, 7):
        counter_file = CounterFile(tmp_path)
        counter_file.write({"a": count - 2}, {})
        counter_file.write({"a": count - 1}, {})
        counter_file.close({"a": count})
        counter_file.close({"a": 99})

    assert CounterFile(tmp_path).total({"a": 0, "b": 1}, {}).counts == {"a": 12, "b": 1}


def test_two_in_one_process(tmp_path: Path) -> None:
    """Two ledgers never share a slot."""
    first, second = CounterFile(tmp_path), CounterFile(tmp_path)
    first.write({"a": 1}, {})
    second.write({"a": 2}, {})

    assert (
        first.total({"a": 1}, {})
        == second.total({"a": 2}, {})
        == Totals({"a": 3}, [WorkerState(0, {}), WorkerState(1, {})])
    )


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"counts": 1, "gauges": {}}', '{"counts": {"a": "x"}, "gauges": {}}', "\xff", "null"],
)
def test_damaged_file(tmp_path: Path, text: str) -> None:
    """A file that is not whole, as after a crash of the machine, counts as empty."""
    (tmp_path / "0.json").write_bytes(text.encode("latin-1"))
    (tmp_path / "1.json").write_bytes(text.encode("latin-1"))
    counter_file = CounterFile(tmp_path)

    assert counter_file.total({"a": 3}, {}) == Totals({"a": 3}, [WorkerState(0, {})])


def test_counts_of_another_release(tmp_path: Path) -> None:
    """Counts that this release does not know are let go, and those that it knows are kept."""
    (tmp_path / "0.json").write_text(json.dumps({"counts": {"a": 3, "gone": 4}, "gauges": {}}), encoding="ascii")

    assert CounterFile(tmp_path).total({"a": 1}, {}).counts == {"a": 4}


def test_folder_that_cannot_be_used(tmp_path: Path, log_lines: LogLines) -> None:
    """Where nothing can be written a worker speaks for itself alone, and the log says so once."""
    file = tmp_path / "file"
    file.touch()
    counter_file = CounterFile(file / "workers")
    counter_file.write({"a": 1}, {})

    assert counter_file.total({"a": 2}, {"started": 1.0}) == Totals({"a": 2}, [WorkerState(0, {"started": 1.0})])
    assert [line["event"] for line in log_lines()] == ["metrics cover one worker only: the state folder cannot be used"]


def test_disk_that_is_full_for_a_while(tmp_path: Path, log_lines: LogLines) -> None:
    """What cannot be written down for a while is in this worker's own answer; the log says so each time it begins."""
    counter_file = CounterFile(tmp_path)
    counter_file.write({"a": 1}, {})
    CounterFile(tmp_path).write({"a": 10}, {})
    totals = []
    for count in (2, 4):
        (tmp_path / "0.new").mkdir()
        counter_file.write({"a": count}, {})
        totals.append(counter_file.total({"a": count}, {"x": 1.0}))
        (tmp_path / "0.new").rmdir()
        counter_file.write({"a": count + 1}, {})

    assert [total.counts for total in totals] == [{"a": 12}, {"a": 14}]
    assert [total.workers[0] for total in totals] == [WorkerState(0, {"x": 1.0})] * 2
    assert [line["event"] for line in log_lines()] == [
        "other workers cannot see the metrics of this one: the state folder cannot be written to"
    ] * 2
    assert CounterFile(tmp_path).total({"a": 0}, {}).counts == {"a": 15}


def test_two_looks(tmp_path: Path) -> None:
    """A dead worker is dead, also while another worker looks whether it is."""
    gone, counter_file = CounterFile(tmp_path), CounterFile(tmp_path)
    gone.write({"a": 1}, {})
    counter_file.write({"a": 2}, {})
    gone.close({"a": 1})
    with (tmp_path / f"{gone._slot}.lock").open() as look:
        fcntl.flock(look, fcntl.LOCK_SH)
        total = counter_file.total({"a": 2}, {})

    assert [worker.slot for worker in total.workers] == [counter_file._slot]


def test_start_during_a_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that starts while somebody looks at a free slot takes that slot, as soon as the look is over."""
    first = CounterFile(tmp_path)
    first.write({"a": 1}, {})
    first.close({"a": 1})
    look = (tmp_path / "0.lock").open()
    fcntl.flock(look, fcntl.LOCK_SH)
    monkeypatch.setattr("autoconfig.web.metrics.workers.sleep", lambda _seconds: look.close())
    second = CounterFile(tmp_path)
    second.write({"a": 2}, {})

    assert second.total({"a": 2}, {}) == Totals({"a": 3}, [WorkerState(0, {})])


def test_look_without_an_end(tmp_path: Path) -> None:
    """A slot that somebody looks at for ever is passed over."""
    tmp_path.joinpath("0.lock").touch()
    with tmp_path.joinpath("0.lock").open() as look:
        fcntl.flock(look, fcntl.LOCK_SH)
        counter_file = CounterFile(tmp_path)
        counter_file.write({"a": 2}, {})

    assert counter_file._slot == 1


def test_no_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_lines: LogLines) -> None:
    """More workers than there are slots speak for themselves."""
    monkeypatch.setattr("autoconfig.web.metrics.workers.SLOTS", 1)
    first, second = CounterFile(tmp_path), CounterFile(tmp_path)
    first.write({"a": 1}, {})

    assert second.total({"a": 2}, {}) == Totals({"a": 2}, [WorkerState(0, {})])
    assert SLOTS > 256  # as many as `serve --workers` allows, and those of a server that is being replaced
    assert "all 1 places are taken" in log_lines()[0]["problem"]


def test_nothing_new_is_not_written(tmp_path: Path) -> None:
    """An idle worker leaves its file alone."""
    counter_file = CounterFile(tmp_path)
    counter_file.write({"a": 1}, {})
    before = (tmp_path / "0.json").stat().st_ino
    counter_file.write({"a": 1}, {})

    assert before == (tmp_path / "0.json").stat().st_ino
