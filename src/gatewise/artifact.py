"""A model on disk: weights in safetensors, everything else in JSON, and never a pickle.

A model folder holds ``model.safetensors`` (weights, scaling, residuals, the last values of every series and their
covariates) and ``model.json`` (format version, settings, names, time stamps). It loads on any machine and needs no
data to forecast.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gatewise.data.covariates import Covariate
from gatewise.data.features import Encoder
from gatewise.data.panel import Panel, Series
from gatewise.data.scaling import Scaler
from gatewise.ensemble import Ensemble
from gatewise.errors import RunFolderError, SettingsError
from gatewise.fitted import Fitted
from gatewise.model.network import parameter_count
from gatewise.settings import Settings

__all__ = ["FORMAT", "Saved", "load_model", "save_model"]

FORMAT = 2
"""Version of the folder's layout; another one is refused with a clear word."""


@dataclass(frozen=True, eq=False)
class Saved:
    """A model with what it needs to forecast.

    Attributes:
        model: the networks that forecast together.
        context: the last steps of every series that it was trained on, at least a window of each, and what is known of
            the steps ahead.
    """

    model: Ensemble
    context: Panel


def context_length(model: Ensemble) -> int:
    """Return how many last steps of each series a model keeps: its longest window, and enough to draw a forecast."""
    windows = [member.settings.window or 1 for member in model.members]
    return max(*windows, 4 * (model.settings.horizon or 1))


def save_model(folder: Path, saved: Saved) -> None:
    """Write a model folder.

    Args:
        folder: created if missing; files of an earlier model in it are replaced.
        saved: the model and its context.
    """
    from safetensors.numpy import save_file

    model, length = saved.model, context_length(saved.model)
    context = saved.context.map(lambda one: one.tail(length))
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        "error_scale": model.error_scale,
        "residuals": model.residuals,
        "context.values": np.concatenate([one.values for one in context]),
        "context.observed": np.concatenate([one.observed for one in context]).astype(np.uint8),
        "context.inserted": np.concatenate([one.inserted for one in context]).astype(np.uint8),
        "context.length": context.lengths,
        **_covariate_tensors(context),
    }
    if model.weights is not None:
        tensors["weights"] = model.weights
    if model.widening is not None:
        tensors["widening"] = model.widening
    for number, member in enumerate(model.members):
        tensors |= {f"member.{number}.{name}": tensor for name, tensor in _tensors(member).items()}
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, folder / "model.safetensors")
    document = {
        "format": FORMAT,
        "gatewise": version("gatewise"),
        "members": [_described(member) for member in model.members],
        "unique_ids": list(model.unique_ids),
        "floor": model.floor,
        "context": {
            "name": context.name,
            "freq": context.freq,
            "time": context.time,
            "target": list(context.target),
            "id_column": context.id_column,
            "fingerprint": context.fingerprint,
            "unique_ids": [one.unique_id for one in context],
            "end": [_stamp(one.index[-1]) for one in context],
            "covariates": [asdict(one) for one in context.covariates],
        },
    }
    (folder / "model.json").write_text(json.dumps(document, indent=1), encoding="utf-8")


def _covariate_tensors(context: Panel) -> dict[str, np.ndarray]:
    """Return the covariates of all series; those known ahead have a length of their own."""
    tensors = dict[str, np.ndarray]()
    for role in {one.role for one in context.covariates}:
        parts = [getattr(one, role) for one in context]
        tensors[f"context.{role}"] = np.stack(parts) if role == "static" else np.concatenate(parts)
        if role == "future":
            tensors["context.future_length"] = np.array([len(part) for part in parts], np.int64)
    return tensors


def _tensors(member: Fitted) -> dict[str, np.ndarray]:
    """Return the arrays of one network."""
    scaler = {f"scaler.{name}": array for name, array in member.scaler.arrays().items()}
    tensors = {"parameters": member.parameters, **scaler}
    return tensors if member.linear is None else {**tensors, "linear": member.linear}


def _described(member: Fitted) -> dict[str, Any]:
    """Return what is not an array of one network."""
    return {
        "parameters": len(member.parameters),
        "settings": member.settings.model_dump(mode="json"),
        "unique_ids": list(member.unique_ids),
        "encoder": member.encoder.to_dict(),
        "epochs": member.epochs,
        "val_losses": list(member.val_losses),
    }


def load_model(folder: Path) -> Saved:
    """Read a model folder.

    Raises:
        RunFolderError: when the folder is missing, damaged, or written by a newer version.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = folder / "model.json"
    if not path.is_file():
        raise RunFolderError(
            f"a model folder must hold model.json and model.safetensors, but '{folder}' has no model.json. "
            "Name a run folder that 'gatewise fit' or 'gatewise tune' finished."
        )
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            remedy = "Install a newer gatewise to read it." if document["format"] > FORMAT else "Fit it again."
            raise RunFolderError(
                f"the model in '{folder}' must have format {FORMAT}, but it has format {document['format']} "
                f"(written by gatewise {document['gatewise']}). {remedy}"
            )
        return _restore(document, load_file(folder / "model.safetensors"))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, IndexError, SettingsError) as error:
        raise RunFolderError(
            f"the model in '{folder}' is damaged: {type(error).__name__}: {error}. Restore the folder or fit again."
        ) from None


def _restore(document: dict[str, Any], tensors: dict[str, np.ndarray]) -> Saved:
    members = tuple(
        _restore_member(described, {name.removeprefix(f"member.{number}."): tensor for name, tensor in tensors.items()})
        for number, described in enumerate(document["members"])
    )
    model = Ensemble(
        members=members,
        weights=tensors.get("weights"),
        unique_ids=tuple(document["unique_ids"]),
        error_scale=tensors["error_scale"],
        residuals=tensors["residuals"],
        floor=document["floor"],
        widening=tensors.get("widening"),
    )
    return Saved(model, _context(document["context"], tensors))


def _restore_member(document: dict[str, Any], tensors: dict[str, np.ndarray]) -> Fitted:
    scaler = {name.removeprefix("scaler."): value for name, value in tensors.items() if name.startswith("scaler.")}
    settings = Settings.of(**document["settings"])
    fitted = Fitted(
        settings=settings,
        parameters=tensors["parameters"],
        unique_ids=tuple(document["unique_ids"]),
        scaler=Scaler(transform=settings.transform, **scaler),
        encoder=Encoder.from_dict(document["encoder"]),
        linear=tensors.get("linear"),
        epochs=document.get("epochs", 0),
        val_losses=tuple(document.get("val_losses", ())),
    )
    needed = parameter_count(fitted.architecture)
    if fitted.parameters.shape != (needed,) or not np.isfinite(fitted.parameters).all():
        raise ValueError(f"the settings need {needed} finite weights, but there are {fitted.parameters.shape}")
    return fitted


def _context(document: dict[str, Any], tensors: dict[str, np.ndarray]) -> Panel:
    kept = {name.removeprefix("context."): array for name, array in tensors.items() if name.startswith("context.")}
    lengths = kept.pop("length")
    steps, ahead = np.cumsum(lengths)[:-1], np.cumsum(kept.pop("future_length", lengths))[:-1]
    cuts = {"future": ahead, "static": len(lengths)}
    parts = {name: np.split(array, cuts.get(name, steps)) for name, array in kept.items()}
    freq = document["freq"]
    series = []
    for number, (name, end) in enumerate(zip(document["unique_ids"], document["end"], strict=True)):
        own = {part: arrays[number] for part, arrays in parts.items()}
        own |= {mask: own[mask].astype(bool) for mask in ("observed", "inserted")}
        own |= {"static": own["static"][0]} if "static" in own else {}
        series.append(Series(unique_id=name, index=_index(end, freq, len(own["values"])), **own))
    return Panel(
        series=tuple(series),
        freq=freq,
        name=document["name"],
        time=document["time"],
        target=tuple(document["target"]),
        id_column=document["id_column"],
        fingerprint=document["fingerprint"],
        covariates=tuple(_covariate(one) for one in document["covariates"]),
    )


def _covariate(document: dict[str, Any]) -> Covariate:
    categories = document["categories"]
    return Covariate(document["name"], document["role"], None if categories is None else tuple(categories))


def _stamp(last: Any) -> Any:
    """Return an index's last element as JSON: ISO text and its zone (the instant in UTC then), or a whole number."""
    if not isinstance(last, pd.Timestamp):
        return int(last)
    if last.tz is None:
        return {"at": last.isoformat(), "zone": None}
    return {"at": last.tz_convert("UTC").tz_localize(None).isoformat(), "zone": _zone_name(last)}


def _zone_name(stamp: pd.Timestamp) -> str:
    """Return a name of a stamp's zone that finds it again; UTC for a zone that has none."""
    name = getattr(stamp.tz, "key", None) or getattr(stamp.tz, "zone", None) or str(stamp.tz)
    try:
        stamp.tz_convert(name)
    except (KeyError, ValueError, OSError):
        return "UTC"
    return name


def _index(end: Any, freq: str | int, length: int) -> pd.Index:
    """Return the regular index of `length` steps that ends at `end`."""
    if isinstance(end, dict):
        last = pd.Timestamp(end["at"])
        if end["zone"]:
            last = last.tz_localize("UTC").tz_convert(end["zone"])
        return pd.date_range(end=last, periods=length, freq=str(freq))
    return pd.Index(end - int(freq) * np.arange(length)[::-1])
