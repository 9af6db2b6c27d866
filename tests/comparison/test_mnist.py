"""MNIST with 1,000 training images: a comparison that concludes where it may, and not where not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from regkit.comparison.run import compare
from regkit.data import from_arrays

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist.npz"
ARMS = {
    "nothing": "l2(0.0)",  # the baseline under another name
    "hardly anything": "l2(1e-7)",
    "elastic": "elastic_distortion(relative_to=28)",
    "too much": "gaussian_noise(3.0)",
}


@pytest.mark.slow
@pytest.mark.skipif(not MNIST.exists(), reason="needs shared/data/mnist.npz beside the repository")
def test_it_concludes_where_it_may(tmp_path: Path) -> None:
    with np.load(MNIST) as file:
        parts = {name: file[name] for name in file.files}
    pool = np.random.default_rng(0).permutation(60_000)[:8_000]
    data = from_arrays(
        parts["x_train"][pool], parts["y_train"][pool], "mnist",
        x_test=parts["x_test"], y_test=parts["y_test"],
    )  # fmt: skip
    found = compare(
        "mlp", data, ARMS, train_size=1_000, splits=10, epochs=30, output=tmp_path, progress=False
    )
    by_arm = {one.arm: one for one in found.summaries}
    assert 85 < by_arm["baseline"].outcomes["accuracy"].mean < 93
    assert by_arm["nothing"].verdicts == {"accuracy": "equivalent", "NLL": "equivalent"}
    assert by_arm["nothing"].outcomes["accuracy"].difference.mean == 0
    assert set(by_arm["hardly anything"].verdicts.values()) <= {"equivalent", "cannot conclude"}
    assert by_arm["elastic"].verdicts["accuracy"] == "better"
    assert by_arm["too much"].verdicts["accuracy"] == "worse"
    codes = {line[:5] for line in found.text.splitlines() if line.startswith("RK")}
    assert not codes & {"RK001", "RK002", "RK003", "RK004", "RK007", "RK008", "RK009"}
    assert "for this one test set" in " ".join(found.text.split())
    assert "elastic is better than the baseline" in (tmp_path / "report.html").read_text()
