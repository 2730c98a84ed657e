"""The fingerprint of a panel: two tables with the same content have the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
import pandas as pd

from gatewise.data.covariates import Covariate
from gatewise.data.panel import Series
from gatewise.data.rows import ordinals

__all__ = ["fingerprint_of"]


def fingerprint_of(series: Sequence[Series], covariates: Sequence[Covariate] = ()) -> str:
    """Return SHA-256 over ids, times, known values and covariates; the order of the series does not count."""
    digest = hashlib.sha256()
    for covariate in covariates:
        digest.update(f"{astuple(covariate)!r}\n".encode())
    for one in sorted(series, key=lambda one: one.unique_id):
        zone = str(one.index.tz) if isinstance(one.index, pd.DatetimeIndex) else "steps"
        digest.update(f"{one.unique_id}\n{zone}\n{len(one)}\n".encode())
        digest.update(np.ascontiguousarray(ordinals(one.index), dtype="<i8").tobytes())
        digest.update(np.where(one.observed, one.values, np.nan).astype("<f8").tobytes())
        for values in (one.past, one.future, one.static):
            if values is not None:
                digest.update(f"{values.shape}\n".encode())
                digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    return digest.hexdigest()
