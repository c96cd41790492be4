"""What was measured, for people."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence


def show(text: str) -> None:
    """One line of the record; seen with `pytest -s`."""
    sys.stdout.write(f"\n  [live] {text}")
    sys.stdout.flush()


def spread(seconds: Sequence[float]) -> str:
    """Median, 95th percentile and maximum, in milliseconds."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"p50 {statistics.median(ordered) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, max {ordered[-1] * 1000:.0f} ms"
