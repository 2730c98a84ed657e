"""`Forecaster`: fit, predict, save and load, on data frames, in the manner of scikit-learn."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pandas as pd

from gatewise.artifact import Saved, load_model, save_model
from gatewise.data.ahead import with_future
from gatewise.data.load import load_panel
from gatewise.data.panel import Panel
from gatewise.ensemble import Ensemble, choose
from gatewise.errors import GatewiseError, SettingsError, nearest
from gatewise.evaluate.backtest import forecast_table
from gatewise.interrupt import Interrupt
from gatewise.preset import resolve
from gatewise.refit import refit_all, refit_seconds
from gatewise.search.space import Space
from gatewise.search.study import Listener, search
from gatewise.settings import Settings
from gatewise.train.checkpoint import Epoch
from gatewise.workbench import Workbench

__all__ = ["Forecaster", "NotFittedError", "native_like", "panel_of", "user_columns"]

ROLES = ("past", "future", "static")
"""Roles of covariates."""

Levels = int | tuple[int, ...] | list[int] | None
"""Levels of forecast intervals in %, as `predict` takes them."""


class NotFittedError(GatewiseError):
    """`predict` or `save` was called before `fit`."""


class Forecaster:
    """An LSTM forecaster for one series or many.

    Args:
        horizon: steps to forecast, None for one season.
        preset: ``"auto"`` looks at the data, ``"classic"`` is the textbook recipe.
        **settings: any other setting by its name, see `gatewise.settings.Settings`.

    Attributes:
        settings_: resolved settings, after `fit`.
        reasons_: why the preset chose what it chose.
        model_: the networks trained anew on every row, which `predict` uses.

    Raises:
        SettingsError: for an unknown setting, a value out of range or a clash.

    Example:
        >>> Forecaster(horizon=12, dropout=0.2).get_params()["dropout"]
        0.2
    """

    def __init__(self, horizon: int | None = None, preset: str = "auto", **settings: Any):
        self.horizon = horizon
        self.preset = preset
        self._given = settings
        Settings.of(**self._named())

    def _named(self) -> dict[str, Any]:
        return {"horizon": self.horizon, "preset": self.preset, **self._given}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings that were given, by name."""
        return self._named()

    def set_params(self, **params: Any) -> Self:
        """Change settings; a fitted model keeps forecasting with its own until `fit` is called again."""
        for name in params:
            if name not in Settings.model_fields:
                raise SettingsError(f"unknown setting '{name}'.{nearest(name, Settings.model_fields)}")
        merged = {**self._named(), **params}
        Settings.of(**merged)
        self.horizon, self.preset = merged.pop("horizon"), merged.pop("preset")
        self._given = merged
        return self

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._named().items())
        return f"Forecaster({given})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def fit(
        self,
        data: Any,
        *,
        observe: Callable[[Epoch], None] = lambda epoch: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Self:
        """Train on a table: with early stopping on its last part first, then anew on every row.

        Args:
            data: a path, a pandas or polars frame (long: ``unique_id, ds, y``, renamable), a pandas series, or a panel.
            observe: is told of every epoch of the first training.
            should_stop: asked often; True ends the training with the best weights so far, as Ctrl-C does.

        Raises:
            DataError: when the table cannot be used, with the reason.
            TrainingError: when the loss turned NaN or infinite, or the training was stopped, in the first epoch.
        """
        given = {"test_windows": 0, **{name: value for name, value in self._named().items() if value is not None}}
        panel = panel_of(data, Settings.of(**given))
        resolved = resolve(panel, given)
        bench = Workbench.of(panel, resolved.settings)
        bench.check(resolved.settings)
        listener = Listener(on_epoch=lambda _, epoch: observe(epoch))
        with Interrupt().armed() as interrupt:

            def stop() -> bool:
                return interrupt() or should_stop()

            settings = resolved.settings
            wanted, jobs = settings.members or len(resolved.portfolio), settings.jobs or os.cpu_count() or 1
            found = search(
                bench,
                Space(resolved.portfolio),
                trials=wanted,
                listener=listener,
                reserve=lambda models: refit_seconds([one for _, one in models], panels=1, jobs=jobs),
                should_stop=stop,
            )
            chosen = choose([model for _, model in found.models], bench.truth, wanted, settings.combine)
            models = [one.fitted for one in chosen.members]
            if settings.refit != "none":
                (models,), _ = refit_all([panel], chosen.members, jobs=jobs, should_stop=stop)
        return self._adopt(panel, chosen.of(models, bench), resolved.reasons, data)

    def _adopt(self, panel: Panel, model: Ensemble, reasons: tuple[str, ...], source: Any = None) -> Self:
        self.settings_, self.reasons_ = model.settings, reasons
        self.model_, self._panel = model, panel
        self._native = None if isinstance(source, str | Path | Panel) else source
        return self

    def predict(
        self, horizon: int | None = None, level: Levels = None, data: Any = None, future_data: Any = None
    ) -> Any:
        """Forecast beyond the end of the training data, or of newer data.

        Args:
            horizon: steps to forecast; beyond the trained horizon the forecasts are fed back. None for the trained one.
            level: one or several levels of the intervals in %, None for those of the settings, empty for none.
            data: newer history of known or new series; None for the training data.
            future_data: a table of the covariates known ahead, for the steps to forecast; not needed where the data
                themselves hold them behind the last value of the target.

        Returns:
            A frame of the kind that was given to `fit` (or of `data`), with the id and time columns as named there
            (``unique_id`` and ``ds`` where the table had none), ``gatewise`` and ``gatewise-lo-80`` and so on.

        Raises:
            NotFittedError: before `fit`.
            DataError: when a covariate is missing, by its name and the time from when on.
        """
        table, panel = self.forecast_of(data, horizon, level, future_data)
        native = self._native if data is None else None if isinstance(data, str | Path | Panel) else data
        return native_like(native, user_columns(table, panel))

    def forecast_of(
        self,
        data: Any = None,
        horizon: int | None = None,
        level: Levels = None,
        future_data: Any = None,
        **reading: Any,
    ) -> tuple[pd.DataFrame, Panel]:
        """Return the forecast as a long pandas table (``unique_id, ds, gatewise, ...``), and the panel it starts from.

        Arguments and errors are those of `predict`; `reading` names target, time, id or freq of newer data whose
        columns are not those of the training data.
        """
        if not hasattr(self, "model_"):
            raise NotFittedError(
                "predict needs a fitted model, but fit was not called. Call fit first, or load a model."
            )
        levels = (level,) if isinstance(level, int) else level
        asked = {"horizon": horizon, "level": tuple(levels) if levels is not None else None}
        changes = {name: value for name, value in asked.items() if value is not None}
        settings = self.settings_.change(**changes) if changes else self.settings_
        panel = self._panel if data is None and future_data is None else self.panel_of(data, future_data, **reading)
        return forecast_table(self.model_, panel, settings.horizon or 1, settings.level), panel

    @property
    def context(self) -> Panel:
        """The training data, or at least their last steps."""
        return self._panel

    def panel_of(self, data: Any = None, future_data: Any = None, **reading: Any) -> Panel:
        """Return newer data as a panel, read by the same columns as the training data, or by those that are named.

        Args:
            data: newer history; None for the training data.
            future_data: a table of the covariates known ahead.
            **reading: target, time, id or freq of newer data whose columns are named otherwise.

        Raises:
            DataError: when the table cannot be used, with the reason.
        """
        source = self._panel if data is None else data
        return panel_of(source, _reading(self.settings_, self._panel, reading), self._panel, future_data)

    def save(self, folder: str | Path) -> None:
        """Write the model to a folder: safetensors and JSON, no pickle."""
        if not hasattr(self, "model_"):
            raise NotFittedError("save needs a fitted model, but fit was not called. Call fit first.")
        save_model(Path(folder), Saved(self.model_, self._panel))

    @classmethod
    def load(cls, folder: str | Path) -> Forecaster:
        """Read a model that `save` or a run wrote.

        Args:
            folder: a model folder, or a run folder that holds one in ``model/``.

        Raises:
            RunFolderError: when it is missing, damaged, or written by a newer version.
        """
        path = Path(folder)
        saved = load_model(path / "model" if (path / "model" / "model.json").is_file() else path)
        given = saved.model.settings.model_dump()
        made = cls(given.pop("horizon"), given.pop("preset"), **given)
        return made._adopt(saved.context, saved.model, ())


def panel_of(data: Any, settings: Settings, like: Panel | None = None, future_data: Any = None) -> Panel:
    """Return the panel of a table, read as the settings say; a panel comes back as it is.

    Args:
        data: a path, a frame, a series or a panel.
        settings: target, time, id, freq and max_missing.
        like: a panel whose frequency the table must have, for forecasting from newer data.
        future_data: a table of the covariates known ahead; None for none beside what the table itself has.
    """
    if future_data is not None:
        return with_future(panel_of(data, settings, like), future_data)
    if isinstance(data, Panel):
        return data
    freq = settings.freq or (str(like.freq) if like is not None else None)
    return load_panel(
        data,
        target=settings.target,
        past=settings.past,
        future=settings.future,
        static=settings.static,
        time=settings.time,
        id=settings.id,
        freq=freq,
        max_missing=settings.max_missing,
        name=like.name if like is not None else None,
    )


def _reading(settings: Settings, panel: Panel, named: dict[str, Any]) -> Settings:
    """Return settings that read a newer table by the same columns as the first, or by those that are named."""
    same = {
        "target": ",".join(panel.target),
        "time": panel.time,
        "id": panel.id_column,
        **{role: ",".join(one.name for one in panel.covariates if one.role == role) or None for role in ROLES},
    }
    return settings.change(**{**same, **named})


def user_columns(table: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Return a result table with the id and time columns named as in the user's table."""
    names = {"unique_id": panel.id_column, "ds": panel.time}
    if not any(names.values()):
        return table
    return table.set_axis([names.get(str(name)) or name for name in table.columns], axis="columns")


def native_like(source: Any, table: pd.DataFrame) -> Any:
    """Return a pandas table as the kind of frame that `source` is (pandas when it is None or a series)."""
    import narwhals as nw

    if source is None or isinstance(source, pd.DataFrame | pd.Series):
        return table
    import pyarrow

    backend = nw.get_native_namespace(nw.from_native(source, allow_series=True))
    return nw.from_arrow(pyarrow.Table.from_pandas(table, preserve_index=False), backend=backend).to_native()
