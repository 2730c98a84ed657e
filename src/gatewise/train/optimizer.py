"""Optimizers on one flat vector, from Optax, with every number a traced argument."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import optax
from jax import Array

from gatewise.architecture import Knobs

__all__ = ["Clipped", "clip", "direction"]


class Clipped(NamedTuple):
    """A clipped gradient with what was measured on the way.

    Attributes:
        gradient: the gradient to use.
        norm: its global norm before clipping.
        was_clipped: 1.0 where clipping changed it, else 0.0.
    """

    gradient: Array
    norm: Array
    was_clipped: Array


def clip(gradient: Array, knobs: Knobs) -> Clipped:
    """Clip by value, then by global norm; an infinite limit never clips.

    Source: Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks", section 3.2.
    """
    norm = jnp.sqrt(jnp.sum(gradient * gradient))
    by_value = jnp.clip(gradient, -knobs.clip_value, knobs.clip_value)
    value_norm = jnp.sqrt(jnp.sum(by_value * by_value))
    factor = jnp.where(value_norm > knobs.clip_norm, knobs.clip_norm / value_norm, 1.0)
    was_clipped = (value_norm < norm) | (factor < 1.0)
    return Clipped(by_value * factor, norm, was_clipped.astype(gradient.dtype))


def direction(kind: str, knobs: Knobs) -> optax.GradientTransformation:
    """Return the transformation of a gradient into an update direction, before the learning rate.

    `adam` and `adamw` share theirs: AdamW's decoupled decay is the knob `weight_decay`, which acts with any optimizer.

    Source: Kingma and Ba (2015) for Adam; Dozat (2016) for Nadam; Hinton (2012), lecture 6e, for RMSprop;
    Loshchilov and Hutter (2019) for decoupled weight decay.
    """
    if kind in ("adam", "adamw"):
        return optax.scale_by_adam(b1=knobs.momentum, b2=knobs.second_moment)
    if kind == "nadam":
        return optax.scale_by_adam(b1=knobs.momentum, b2=knobs.second_moment, nesterov=True)
    if kind == "rmsprop":
        return optax.scale_by_rms(decay=knobs.second_moment, eps=1e-7)
    return optax.trace(decay=knobs.momentum)
