"""What a training's statistics say about it, in words with a remedy."""

from __future__ import annotations

from gatewise.settings import Settings

__all__ = ["explain_divergence"]

HIGH_LEARNING_RATE = 0.01
"""Learning rates from here on are the first suspect of a divergence (with adaptive optimizers and small networks)."""


def explain_divergence(settings: Settings, epoch: int) -> str:
    """Return why the loss most likely turned NaN or infinite, and which knob to turn.

    Source: Goodfellow, Bengio and Courville (2016), "Deep Learning", sections 10.11.1 and 11.4.

    Example:
        >>> explain_divergence(Settings.of(learning_rate=0.5, clip_norm=0), 3)
        'diverged at epoch 3 with learning_rate 0.5: try learning_rate 0.05 or clip_norm 1'
    """
    where = f"diverged at epoch {epoch}"
    clipping = " or clip_norm 1" if settings.clip_norm == 0 or settings.clip_norm > 1 else ""
    if settings.learning_rate >= HIGH_LEARNING_RATE or clipping:
        lower = f"learning_rate {settings.learning_rate / 10:g}"
        return f"{where} with learning_rate {settings.learning_rate:g}: try {lower}{clipping}"
    if settings.scaling == "none" and settings.normalise == "none":
        return f"{where} on unscaled values: try scaling standard"
    return f"{where} with optimizer {settings.optimizer}: try learning_rate {settings.learning_rate / 10:g}"
