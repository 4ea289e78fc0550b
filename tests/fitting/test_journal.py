"""A fit killed at any moment goes on with nothing lost and no point counted twice, to the bit."""

from __future__ import annotations

import json
import os
import signal
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy import RECIPE, shelf

from exodelivery.fitting import journal as journals
from exodelivery.fitting.courses.formula import Formula
from exodelivery.fitting.fit import JOURNAL, fit
from exodelivery.fitting.journal import Entry, Journal
from exodelivery.fitting.progress import Progress
from exodelivery.fitting.regress import regress

X = np.linspace(0.2, 8, 20)
Y = 8 * np.exp(-0.4 * X) + 0.1 * np.sin(20 * X)
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork a process")


def entry(value: float) -> Entry:
    return Entry((np.array([value, np.nan]), np.full((2, 2), value)), ("no level",))


def same(one: Any, other: Any) -> bool:
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one.arrays, other.arrays, strict=True))


def test_what_was_asked_before_is_answered_to_the_bit(tmp_path: Path) -> None:
    at = np.array([0.1, 1 / 3])
    with Journal(tmp_path / "j", {"fit": "a"}) as first:
        told = first.ask("residuals", at, lambda: entry(1 / 7))
    with Journal(tmp_path / "j", {"fit": "a"}) as second:
        found = second.ask("residuals", at, lambda: pytest.fail("computed twice"))
        assert same(found, told) and found.failed == ("no level",)
        assert not same(second.ask("jacobian", at, lambda: entry(2.0)), told)
        assert not same(second.ask("residuals", at + 1e-16, lambda: entry(3.0)), told)
        assert (second.answered, second.computed) == (1, 2)


@pytest.mark.parametrize("cut", [1, 7, 13, 40, 100])
def test_an_entry_torn_by_the_kill_is_cut_off_and_what_went_before_stays(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "j"
    with Journal(path, {}) as journal:
        for n in range(3):
            journal.ask("residuals", np.array([float(n)]), lambda n=n: entry(float(n)))
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(path, {}) as journal:
        assert len(journal) == 2
        journal.ask("residuals", np.array([2.0]), lambda: entry(2.0))
    with Journal(path, {}) as journal:
        assert len(journal) == 3


def test_a_flipped_bit_and_another_fit_are_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, {"fit": "a"}) as journal:
        journal.ask("residuals", np.zeros(1), lambda: entry(1.0))
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with Journal(path, {"fit": "a"}) as journal:
        assert len(journal) == 0
        journal.ask("residuals", np.zeros(1), lambda: entry(1.0))
    with Journal(path, {"fit": "b"}) as journal:
        assert len(journal) == 0


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]\n",
        b'{"shapes": [[-1, -1]], "failed": []}\n' + 8 * b"0",
        b'{"shapes": [[9, 9]], "failed": []}\n' + 8 * b"0",
        b'{"shapes": [[4611686018427387904, 4]], "failed": []}\n' + 8 * b"0",
        b'{"shapes": 3, "failed": []}\n',
        b'{"shapes": [["a"]], "failed": []}\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_crafted_entry_is_not_believed(tmp_path: Path, payload: bytes) -> None:
    path, key = tmp_path / "j", b"residuals\0" + bytes(8)
    with Journal(path, {}):
        pass
    check = zlib.crc32(key + payload)
    path.write_bytes(path.read_bytes() + struct.pack("<III", len(key), len(payload), check) + key + payload)
    with Journal(path, {}) as journal:
        assert len(journal) == 0


@needs_fork
def test_a_fit_killed_ten_times_ends_as_one_left_alone(tmp_path: Path) -> None:
    """``kill -9`` in the middle of writing an entry, after a random number of new ones: bits and counts."""
    path = tmp_path / "checkpoint"
    asked: dict[str, Any] = {"data": {"x": X, "y": Y}, "start": {"a": 5, "k": 1}, "starts": 8, "noise": "proportional"}
    curve = Formula("a * exp(-k * x)", {"x": X})
    alone = regress(curve, **asked)
    generator, known, computed = np.random.default_rng(5), [0], 0
    for _ in range(10):
        entries, torn = int(generator.integers(1, 9)), int(generator.integers(1, 60))
        child = os.fork()
        if not child:
            _die(lambda: regress(curve, **asked, checkpoint=path), entries, torn)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        computed += entries - 1
        content = path.read_bytes()
        with Journal(path, json.loads(content.splitlines()[1])) as journal:
            known.append(len(journal))
    assert known == sorted(known) and known[-1] == computed > 20
    counts: list[tuple[int, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "remove", lambda self: counts.append((self.answered, self.computed)))
        last = regress(curve, **asked, checkpoint=path)
        path.unlink()
        regress(curve, **asked, checkpoint=path)
    assert np.array_equal(last.at, alone.at) and np.array_equal(last.covariance, alone.covariance)
    assert last.ends == alone.ends and last.objective.failures == alone.objective.failures
    (_, resumed), (_, whole) = counts
    assert computed + resumed == whole


@needs_fork
@pytest.mark.slow
def test_a_recipe_that_was_killed_keeps_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shelf(tmp_path, RECIPE.replace("starts = 3", "starts = 2"))
    monkeypatch.chdir(tmp_path)
    fit(folder, again=True)
    kept = (folder / "result.json").read_text()
    (folder / "result.json").unlink()
    child = os.fork()
    if not child:
        _die(lambda: fit(folder, again=True), 3, 20)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with Journal(folder / JOURNAL, _about(folder)) as journal:
        assert len(journal) == 2
    fit(folder, again=True)
    assert (folder / "result.json").read_text() == kept and not (folder / JOURNAL).exists()


def _about(folder: Path) -> dict[str, str]:
    from exodelivery.fitting.fit import _rests_on
    from exodelivery.fitting.recipe import read_recipe

    return _rests_on(read_recipe(folder))


def _die(work: Callable[[], object], entries: int, torn: int) -> None:
    """Fit in a child, which is killed while it writes the last of so many entries."""
    left, whole = [entries], journals.write

    def write(file: int, content: bytes) -> None:
        left[0] -= 1
        if left[0]:
            whole(file, content)
            return
        whole(file, content[: min(torn, len(content) - 1)])
        os.kill(os.getpid(), signal.SIGKILL)

    journals.write = write  # type: ignore[assignment]
    try:
        work()
    finally:
        os._exit(0)


def test_a_curve_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    asked = {"data": {"x": X, "y": Y}, "start": {"a": 5, "k": 1}, "starts": 4}
    path = tmp_path / "checkpoint"

    def stop(self: Journal, *_: Any) -> None:
        raise KeyboardInterrupt

    alone = regress("a * exp(-k * x)", **asked)
    with pytest.MonkeyPatch.context() as patch:
        plain, left = Journal.ask, [12]

        def ask(self: Journal, *given: Any) -> Entry:
            left[0] -= 1
            return plain(self, *given) if left[0] else stop(self)  # type: ignore[return-value]

        patch.setattr(Journal, "ask", ask)
        with pytest.raises(KeyboardInterrupt):
            regress("a * exp(-k * x)", **asked, checkpoint=path)
    assert path.is_file()
    again = regress("a * exp(-k * x)", **asked, checkpoint=path)
    assert np.array_equal(again.at, alone.at) and again.ends == alone.ends and not path.exists()
    assert again.profile("k").low == alone.profile("k").low


def test_progress_tells_rate_best_and_time_left() -> None:
    with Progress(3, shown=False) as shown:
        shown.tell(5.0)
        assert "left" not in shown.text()
        shown.tell(4.0)
        shown.ended()
    assert "2 evaluations" in shown.text() and "best 4" in shown.text() and "left" in shown.text()
