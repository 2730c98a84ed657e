"""Every setting of Gatewise in one table: name, default, range, unit, help, and how a search may vary it.

The table feeds the command line (``--set name=value``), the TOML file, the search space and the docs.
A setting left at None is chosen from the data by the preset; `run.toml` records what was chosen.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from gatewise.errors import SettingsError, nearest

__all__ = [
    "GROUPS",
    "PRESETS",
    "Prior",
    "Settings",
]

GROUPS = ("data", "recipe", "network", "training", "search", "evaluation")
PRESETS = ("auto", "classic")

Scaling = Literal["minmax", "standard", "robust", "none"]
Transform = Literal["none", "log", "boxcox", "asinh"]
Normalise = Literal["none", "last", "mean", "season", "median"]
Rescale = Literal["none", "std", "mad"]
Base = Literal["none", "last", "season", "long-season", "season-mean", "season-drift", "linear"]
Decoding = Literal["direct", "segments", "recursive"]
Loss = Literal["mse", "mae", "huber", "mase", "quantile"]
Sampling = Literal["windows", "series"]
Combine = Literal["median", "mean", "weighted"]
Refit = Literal["anew", "onward", "none"]
Optimizer = Literal["adam", "adamw", "nadam", "rmsprop", "sgd"]
Schedule = Literal["constant", "exponential", "step", "cosine", "warmup-cosine", "one-cycle", "plateau"]
Precision = Literal["float32", "bfloat16"]
Sampler = Literal["tpe", "random", "gp", "cmaes"]
Halvings = Literal["none", "halving", "hyperband"]
Baseline = Literal[
    "none", "last_value", "seasonal_naive", "drift", "window_mean", "linear", "AutoTheta", "AutoETS", "AutoARIMA"
]


class Prior(NamedTuple):
    """How a search varies one setting.

    Attributes:
        low: lower end of the range, None for a choice.
        high: upper end of the range, None for a choice.
        log: True to sample the logarithm uniformly.
        choices: the values to choose from, empty for a range.
        when: another setting and the values of it under which this one exists, None for always.
    """

    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[Any, ...] = ()
    when: tuple[str, tuple[Any, ...]] | None = None


def _row(group: str, text: str, *, unit: str = "", prior: Prior | None = None, **limits: Any) -> Any:
    """Return the pydantic field of one row of the table."""
    extra: dict[str, Any] = {"group": group, "unit": unit}
    if prior is not None:
        extra["prior"] = prior._asdict()
    return Field(description=text, json_schema_extra=extra, **limits)


class Settings(BaseModel):
    """All settings of one run, checked and frozen.

    Raises:
        SettingsError: through `Settings.of`, for an unknown name, a value out of range or a clash.

    Example:
        >>> Settings.of(horizon=12, dropout=0.3).dropout
        0.3
        >>> Settings.of(droput=0.3)
        Traceback (most recent call last):
        gatewise.errors.SettingsError: unknown setting 'droput'. Did you mean 'dropout'?
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # -- data ---------------------------------------------------------------------------------------------------------
    preset: Annotated[
        Literal["auto", "classic"],
        _row("data", "where unset settings come from: auto looks at the data, classic is the textbook recipe"),
    ] = "auto"
    target: Annotated[
        str | None, _row("data", "column to forecast; several, separated by commas, become one series each")
    ] = None
    past: Annotated[str | None, _row("data", "covariates known up to the origin: columns, separated by commas")] = None
    future: Annotated[
        str | None, _row("data", "covariates known ahead, as prices and weather forecasts are: columns, with commas")
    ] = None
    static: Annotated[
        str | None, _row("data", "covariates that stay the same within a series: columns, with commas")
    ] = None
    time: Annotated[str | None, _row("data", "column with the time stamps")] = None
    id: Annotated[str | None, _row("data", "column that tells several series apart")] = None
    freq: Annotated[
        str | None,
        _row("data", "frequency as a pandas alias, such as h, D, W-SAT, MS; found from the time stamps when unset"),
    ] = None
    season: Annotated[
        int | None,
        _row("data", "period of the dominant cycle, 1 for none; found from the data when unset", unit="steps", ge=1),
    ] = None
    long_season: Annotated[
        int | None,
        _row("data", "period of a second, longer cycle, 1 for none; found when unset", unit="steps", ge=1),
    ] = None
    horizon: Annotated[int | None, _row("data", "how far to forecast", unit="steps", ge=1)] = None
    val_windows: Annotated[
        int | None, _row("data", "length of the validation part, in horizons", unit="horizons", ge=1)
    ] = None
    test_windows: Annotated[
        int | None, _row("data", "last origins kept for the backtest and never trained on", unit="horizons", ge=0)
    ] = None
    level: Annotated[tuple[int, ...], _row("data", "levels of the forecast intervals", unit="%")] = (80, 95)
    floor: Annotated[
        float | None,
        _row("data", "smallest value that a forecast may have; 0 when unset and no value of the data is negative"),
    ] = None
    max_missing: Annotated[
        float,
        _row("data", "largest share of missing values in a series that is filled rather than refused", ge=0, lt=1),
    ] = 0.3

    # -- recipe: how a window is framed -------------------------------------------------------------------------------
    window: Annotated[
        int | None, _row("recipe", "sequence length: the past steps that the network sees", unit="steps", ge=1)
    ] = None
    patch: Annotated[
        int,
        _row("recipe", "consecutive steps fed to the LSTM as one input vector; divides the window", unit="steps", ge=1),
    ] = 1
    transform: Annotated[
        Transform,
        _row(
            "recipe",
            "what is applied to each value before the scaling, and undone at the end: log and boxcox for values "
            "that are never negative, asinh for heavy tails",
        ),
    ] = "none"
    scaling: Annotated[
        Scaling,
        _row(
            "recipe",
            "scaling of a whole series, fitted on its training part",
            prior=Prior(choices=("standard", "robust", "minmax")),
        ),
    ] = "standard"
    normalise: Annotated[
        Normalise,
        _row(
            "recipe",
            "level subtracted inside each window: its last value, mean, median, or the mean of its last season",
            prior=Prior(choices=("last", "mean", "season", "median")),
        ),
    ] = "none"
    rescale: Annotated[
        Rescale,
        _row(
            "recipe",
            "spread that each window is divided by: its standard deviation or its median absolute deviation",
            prior=Prior(choices=("none", "std", "mad")),
        ),
    ] = "none"
    base: Annotated[
        Base,
        _row(
            "recipe",
            "what the network forecasts around: nothing, the last value, the last season or longer season, the mean of "
            "the window's seasons, the last season grown as it grew from the one before, or a linear forecast fitted "
            "in closed form",
        ),
    ] = "none"
    calendar: Annotated[
        tuple[str, ...] | None,
        _row("recipe", "parts of the calendar that the network sees: hour, weekday, day, month; none for none"),
    ] = None
    holidays: Annotated[
        str | None,
        _row(
            "recipe", "country whose public holidays the network sees, as a two-letter code such as DE; none if unset"
        ),
    ] = None
    decoding: Annotated[
        Decoding,
        _row(
            "recipe",
            "all steps of the horizon at once, one recurrent step per segment of it, or one step fed back",
        ),
    ] = "direct"
    segment: Annotated[
        int | None,
        _row("recipe", "steps per segment with decoding segments; the patch when unset", unit="steps", ge=1),
    ] = None

    # -- network ------------------------------------------------------------------------------------------------------
    hidden: Annotated[
        tuple[int, ...],
        _row(
            "network",
            "hidden units of each LSTM layer, first to last",
            unit="units",
            prior=Prior(choices=("16", "32", "64", "128", "32,32", "64,32", "64,64")),
        ),
    ] = (64,)
    dropout: Annotated[
        float,
        _row("network", "share of units dropped between layers and before the head", ge=0, lt=1, prior=Prior(0.0, 0.5)),
    ] = 0.0
    embedding: Annotated[
        int,
        _row("network", "size of a vector learned for each series, 0 for none", unit="units", ge=0),
    ] = 0
    recurrent_dropout: Annotated[
        float,
        _row(
            "network",
            "share of recurrent units dropped, the same at every step of a window",
            ge=0,
            lt=1,
            prior=Prior(choices=(0.0, 0.1, 0.2)),
        ),
    ] = 0.0

    # -- training -----------------------------------------------------------------------------------------------------
    loss: Annotated[
        Loss,
        _row(
            "training",
            "what training minimises: mean squared, mean absolute or Huber error, the absolute error in units of each "
            "series' seasonal naive error (mase), or the pinball loss of the median and the interval bounds (quantile)",
            prior=Prior(choices=("mae", "mse", "huber")),
        ),
    ] = "mse"
    optimizer: Annotated[
        Optimizer, _row("training", "update rule", prior=Prior(choices=("adam", "adamw", "nadam", "rmsprop", "sgd")))
    ] = "adam"
    learning_rate: Annotated[
        float, _row("training", "initial (for one-cycle: peak) learning rate", gt=0, prior=Prior(3e-4, 3e-2, log=True))
    ] = 1e-3
    schedule: Annotated[
        Schedule,
        _row(
            "training",
            "how the learning rate changes over the epochs",
            prior=Prior(choices=("constant", "exponential", "step", "cosine", "warmup-cosine", "one-cycle", "plateau")),
        ),
    ] = "constant"
    decay_rate: Annotated[
        float,
        _row(
            "training",
            "factor of the exponential, step and plateau schedules",
            gt=0,
            le=1,
            prior=Prior(0.3, 0.95, when=("schedule", ("exponential", "step", "plateau"))),
        ),
    ] = 0.5
    decay_steps: Annotated[
        float,
        _row(
            "training",
            "epochs per fall by decay_rate; for plateau: epochs without improvement, at most half the patience",
            unit="epochs",
            gt=0,
            prior=Prior(2, 20, when=("schedule", ("exponential", "step", "plateau"))),
        ),
    ] = 10.0
    staircase: Annotated[
        bool,
        _row(
            "training",
            "exponential schedule in whole steps instead of continuously",
            prior=Prior(choices=(False, True), when=("schedule", ("exponential",))),
        ),
    ] = False
    warmup: Annotated[
        float,
        _row(
            "training",
            "share of the epochs in which warmup-cosine and one-cycle raise the learning rate",
            ge=0,
            lt=1,
            prior=Prior(0.05, 0.4, when=("schedule", ("warmup-cosine", "one-cycle"))),
        ),
    ] = 0.1
    batch_size: Annotated[
        int,
        _row(
            "training", "windows per optimizer step", unit="windows", ge=1, prior=Prior(choices=(16, 32, 64, 128, 256))
        ),
    ] = 32
    epochs: Annotated[int, _row("training", "largest number of epochs", unit="epochs", ge=1)] = 100
    windows_per_epoch: Annotated[
        int | None,
        _row("training", "windows drawn per epoch; all of them, once each, when unset", unit="windows", ge=1),
    ] = None
    sampling: Annotated[
        Sampling,
        _row("training", "whether each window counts the same in an epoch, or each series", prior=None),
    ] = "windows"
    averaging: Annotated[
        float,
        _row(
            "training",
            "decay of a running mean of the weights over the steps, which then takes their place; 0 switches it off",
            ge=0,
            lt=1,
            prior=Prior(choices=(0.0, 0.99, 0.998)),
        ),
    ] = 0.0
    patience: Annotated[
        int, _row("training", "epochs without a better validation loss after which training stops", unit="epochs", ge=1)
    ] = 10
    min_delta: Annotated[
        float, _row("training", "smallest fall of the validation loss that counts as better", ge=0)
    ] = 0.0
    momentum: Annotated[
        float,
        _row(
            "training",
            "first-moment decay: beta1 of Adam, AdamW and Nadam, momentum of SGD",
            ge=0,
            lt=1,
            prior=Prior(0.8, 0.95),
        ),
    ] = 0.9
    second_moment: Annotated[
        float | None,
        _row(
            "training",
            "second-moment decay; when unset 0.9 with rmsprop (its rho), else 0.999 (beta2 of Adam, AdamW and Nadam)",
            gt=0,
            lt=1,
        ),
    ] = None
    clip_norm: Annotated[
        float,
        _row(
            "training",
            "largest global norm of the gradient; 0 switches it off",
            ge=0,
            prior=Prior(choices=(0.0, 0.1, 0.5, 1.0, 5.0)),
        ),
    ] = 1.0
    clip_value: Annotated[
        float,
        _row(
            "training",
            "largest absolute value of a gradient's element; 0 switches it off",
            ge=0,
            prior=Prior(choices=(0.0, 0.1, 0.5)),
        ),
    ] = 0.0
    l2: Annotated[
        float,
        _row(
            "training",
            "lambda of lambda * sum(w^2) added to the loss, over weights and not biases",
            ge=0,
            prior=Prior(choices=(0.0, 1e-6, 1e-5, 1e-4)),
        ),
    ] = 0.0
    weight_decay: Annotated[
        float | None,
        _row(
            "training",
            "decoupled weight decay, over weights and not biases; when unset 0.01 with adamw, else 0",
            ge=0,
            prior=Prior(1e-4, 1e-1, log=True, when=("optimizer", ("adamw",))),
        ),
    ] = None
    noise: Annotated[
        float,
        _row(
            "training",
            "augmentation: Gaussian noise on the inputs, as a share of the window's standard deviation",
            ge=0,
            prior=Prior(choices=(0.0, 0.02, 0.05, 0.1)),
        ),
    ] = 0.0
    shift: Annotated[
        int,
        _row(
            "training",
            "augmentation: largest random shift of a window in time",
            unit="steps",
            ge=0,
            prior=Prior(choices=(0, 1, 2, 4)),
        ),
    ] = 0
    magnitude: Annotated[
        float,
        _row(
            "training",
            "augmentation: standard deviation of a random factor on the window's swings",
            ge=0,
            lt=1,
            prior=Prior(choices=(0.0, 0.02, 0.05, 0.1)),
        ),
    ] = 0.0
    precision: Annotated[
        Precision | None,
        _row(
            "training",
            "of the factors of training's matrix products, whose sums, weights and forecasts stay in float32; when "
            "unset bfloat16 on processors with matrix units for it (Intel AMX), else float32",
        ),
    ] = None
    seed: Annotated[int, _row("training", "seed of every random draw", ge=0, lt=2**31)] = 0

    members: Annotated[
        int | None,
        _row(
            "training",
            "networks in the ensemble: fit trains that many, tune combines up to that many of its best trials; when "
            "unset fit trains one of each framing that the preset chose, and tune combines up to 8",
            unit="networks",
            ge=1,
        ),
    ] = None
    combine: Annotated[
        Combine,
        _row("training", "how the members' forecasts become one; weighted: by their errors on the validation part"),
    ] = "median"
    refit: Annotated[
        Refit,
        _row(
            "training",
            "how the chosen networks learn from the validation part in the end: trained anew on every row, trained "
            "onward on every row from the weights that were validated, or not at all",
        ),
    ] = "anew"

    # -- search -------------------------------------------------------------------------------------------------------
    trials: Annotated[int, _row("search", "trainings that a search makes", unit="trials", ge=1)] = 20
    time_limit: Annotated[
        float | None,
        _row(
            "search",
            "after this long the search and the training of the winners on all rows end; takes 90s, 10m, 1h",
            unit="seconds",
            gt=0,
        ),
    ] = None
    jobs: Annotated[
        int | None,
        _row(
            "search",
            "trials side by side, at most lookahead; the processor's cores when unset, always lookahead on a GPU",
            ge=1,
        ),
    ] = None
    lookahead: Annotated[
        int,
        _row("search", "trials that may be under way before the oldest is told to the sampler", unit="trials", ge=1),
    ] = 4
    vary: Annotated[
        tuple[str, ...] | None,
        _row("search", "names of the settings that a search varies; all that are not set, when unset"),
    ] = None
    space: Annotated[
        tuple[str, ...] | None,
        _row(
            "search",
            "ranges and choices instead of the usual ones: learning_rate=1e-4..1e-2, hidden=32|64|64,64, "
            "dropout=0..0.5",
        ),
    ] = None
    sampler: Annotated[
        Sampler,
        _row(
            "search",
            "how a search proposes trials: tree-structured Parzen estimator, at random, Gaussian process (which needs "
            "torch), or CMA-ES (which leaves choices to chance)",
        ),
    ] = "tpe"
    halving: Annotated[
        Halvings,
        _row(
            "search",
            "whether trials pause at rungs of epochs, from where only the better ones go on: successive halving, or "
            "hyperband, in which some trials pass over the first rungs",
        ),
    ] = "none"
    halving_factor: Annotated[
        int, _row("search", "of that many trials one goes on from each rung, to that many times its epochs", ge=2)
    ] = 3
    halving_epochs: Annotated[int, _row("search", "fewest epochs before a trial may pause", unit="epochs", ge=1)] = 4
    repeats: Annotated[
        int,
        _row(
            "search",
            "trainings per trial, each with another seed; a trial's score is their mean",
            unit="trainings",
            ge=1,
        ),
    ] = 1

    # -- evaluation ---------------------------------------------------------------------------------------------------
    baselines: Annotated[
        tuple[Baseline, ...] | None,
        _row(
            "evaluation",
            "forecasts to compare with on the test origins, beside last_value and seasonal_naive, which are always "
            "there: drift, window_mean, linear, AutoTheta, AutoETS, AutoARIMA; none for no other; when unset all, and "
            "AutoARIMA only where it is quick",
        ),
    ] = None
    baseline_time: Annotated[
        float,
        _row(
            "evaluation",
            "how long one baseline may take; one that needs longer is left out and named; takes 90s, 10m, 1h",
            unit="seconds",
            gt=0,
        ),
    ] = 60.0

    @model_validator(mode="before")
    @classmethod
    def _seasons(cls, values: Any) -> Any:
        season = values.get("season") if isinstance(values, dict) else None
        if isinstance(season, str) and "," in season:
            values = {**values, **dict(zip(("season", "long_season"), season.split(","), strict=False))}
        return values

    @field_validator("hidden", "level", "vary", "calendar", "baselines", mode="before")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return (value,) if isinstance(value, int | float) else value

    @field_validator("space", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("time_limit", "baseline_time", mode="before")
    @classmethod
    def _duration(cls, value: Any, info: ValidationInfo) -> Any:
        units = {"s": 1, "m": 60, "h": 3600}
        if not isinstance(value, str) or value[-1:] not in units:
            return value
        try:
            return float(value[:-1]) * units[value[-1]]
        except ValueError:
            raise ValueError(
                f"{info.field_name} must be a number of seconds, or end in s, m or h, but is '{value}'"
            ) from None

    @field_validator("freq", "target", "time", "id", "past", "future", "static", mode="before")
    @classmethod
    def _name(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) else value

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        if not self.hidden or min(self.hidden) < 1:
            raise ValueError(f"hidden must name at least one layer of at least 1 unit, but is {list(self.hidden)}")
        if any(not 0 < level < 100 for level in self.level):
            raise ValueError(f"level must lie between 1 and 99 %, but is {list(self.level)}")
        if self.window is not None and self.window % self.patch:
            raise ValueError(f"patch must divide window, but patch={self.patch} and window={self.window}")
        return self

    @classmethod
    def of(cls, **values: Any) -> Settings:
        """Return checked settings.

        Raises:
            SettingsError: for an unknown name, a value out of range or a clash, with the rule and the remedy.
        """
        for name in values:
            if name not in cls.model_fields:
                raise SettingsError(f"unknown setting '{name}'.{nearest(name, cls.model_fields)}")
        try:
            return cls(**values)
        except ValidationError as error:
            raise SettingsError("\n".join(_explain(one) for one in error.errors())) from None

    def change(self, **values: Any) -> Settings:
        """Return these settings with some changed, checked again."""
        return Settings.of(**{**self.model_dump(), **values})


def _explain(error: Any) -> str:
    """Return one pydantic error as rule and value."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    name, rule = str(error["loc"][0]), error["msg"]
    for word in ("Input should be", "Input must be"):
        rule = rule.removeprefix(word).strip()
    meaning = Settings.model_fields[name].description
    return f"{name} must be {rule}, but is {error['input']!r} ({name}: {meaning})."
