"""A weighing instrument in place of the HX711: its own converter, its line, its channel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from accuracy.bench import Job
from accuracy.ours import readings, sample_day
from accuracy.scene import DEVICE, INSTRUMENTS


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_what_it_shows_is_what_stands_there(tmp_path: Path, name: str) -> None:
    scene = Job("faults", 1, tmp_path, converter=name).scene()
    assert scene.faults == 0  # those are of an HX711
    (bin_,) = scene.bins
    zero, scale = scene.calibration[bin_.channel]
    kg = np.repeat([20.02, 20.02, 31.27], 600)
    (tmp_path / f"{DEVICE}.json").write_text(json.dumps(scene.config()))
    rows = "".join(f"{scene.midnight + t},{bin_.channel},1,\n" for t in (0, 170))
    (tmp_path / f"{DEVICE}.csv").write_text(f"t,channel,value,raw\n{rows}")
    info = sample_day(scene, tmp_path, {bin_.channel: (zero + scale * kg).astype(np.int32)})
    told = [(r.get(bin_.channel), r.get("q", {})) for r in readings(tmp_path / "readings.jsonl")]
    assert info["frames"] > 500
    good = [float(value or 0) for value, q in told if bin_.channel not in q]
    # Divisions of 50 g are shown.
    assert abs(good[0] - 20.0) < 0.011 and abs(good[-1] - 31.25) < 0.011, told
