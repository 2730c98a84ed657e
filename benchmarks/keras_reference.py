"""Reference numbers from Keras for the test of Gatewise's LSTM.

Run it in an environment of its own; it imports Keras and its JAX backend, and nothing from Gatewise::

    pip install keras jax
    KERAS_BACKEND=jax python benchmarks/keras_reference.py tests/model/keras_lstm.json

The network is LSTM(64, return_sequences=True), Dropout(0.2), LSTM(32), Dropout(0.2), Dense(1) on windows of shape
(10, 1). No weight is stored: array number k (from 0, in the order of ``weights`` in the file) holds, at flat index j
in C order, computed in float64 and then cast to float32::

    1.5 * sin(1.0 + 0.37 * j + 0.001 * j * j + 1.7 * k) / sqrt(shape[0])

The term in j * j gives every matrix full rank; without it a matrix has rank two, and a wrong recurrence hardly shows.
Input window n at step t is ``(1.0 + 0.1 * n) * sin(0.4 * t + 0.9 * n)``. Kernels have shape (inputs, 4 * units), gates
in the order i, f, c, o. Everything is in inference mode, so no dropout. The gradients are those of the mean squared
error of the predictions against zeros.
"""

import argparse
import json
import platform
from pathlib import Path

import jax
import keras
import numpy as np

WEIGHT_FORMULA = "float32(1.5 * sin(1.0 + 0.37 * j + 0.001 * j * j + 1.7 * k) / sqrt(shape[0])), inner part in float64"
INPUT_FORMULA = "float32((1.0 + 0.1 * n) * sin(0.4 * t + 0.9 * n)), inner part in float64"
WINDOWS, STEPS, SEQUENCE_WINDOWS = 8, 10, (0, 7)


def weight(k: int, shape: tuple[int, ...]) -> np.ndarray:
    """Array number ``k`` of the network, by the formula above."""
    j = np.arange(np.prod(shape), dtype=np.float64)
    flat = 1.5 * np.sin(1.0 + 0.37 * j + 0.001 * j * j + 1.7 * k) / np.sqrt(shape[0])
    return flat.reshape(shape).astype(np.float32)


def plain(array) -> list:
    """Nested lists of floats with nine significant digits, which is enough to restore every float32."""
    array = np.asarray(array)
    return np.reshape([float(f"{value:.9g}") for value in array.ravel()], array.shape).tolist()


def reference() -> dict:
    """Build the network, set its weights, and collect the numbers."""
    lstm_1 = keras.layers.LSTM(64, return_sequences=True, name="lstm_1")
    lstm_2, dense = keras.layers.LSTM(32, name="lstm_2"), keras.layers.Dense(1, name="dense")
    dropouts = [keras.layers.Dropout(0.2), keras.layers.Dropout(0.2)]
    model = keras.Sequential([keras.Input((STEPS, 1)), lstm_1, dropouts[0], lstm_2, dropouts[1], dense])
    variables = model.trainable_variables
    arrays = ("kernel", "recurrent_kernel", "bias")
    names = [f"{layer}/{array}" for layer in ("lstm_1", "lstm_2") for array in arrays] + ["dense/kernel", "dense/bias"]
    for k, variable in enumerate(variables):
        assert variable.name == names[k].split("/")[1], variable.path
        variable.assign(weight(k, tuple(variable.shape)))

    n, t = np.mgrid[0:WINDOWS, 0:STEPS].astype(np.float64)
    inputs = ((1.0 + 0.1 * n) * np.sin(0.4 * t + 0.9 * n))[..., None].astype(np.float32)
    sequences, hidden, predictions = keras.Model(model.inputs[0], [lstm_1.output, lstm_2.output, dense.output])(
        inputs, training=False
    )

    def loss(values):
        frozen = [variable.value for variable in model.non_trainable_variables]
        outputs, _ = model.stateless_call(values, frozen, inputs, training=False)
        return (outputs**2).mean()

    mse, gradients = jax.value_and_grad(loss)([variable.value for variable in variables])
    gradients = [np.asarray(gradient, dtype=np.float64) for gradient in gradients]
    return {
        "versions": {
            "keras": keras.__version__,
            "backend": "jax",
            "jax": jax.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "weight_formula": WEIGHT_FORMULA,
        "input_formula": INPUT_FORMULA,
        "gate_order": ["i", "f", "c", "o"],
        "parameters": model.count_params(),
        "weights": [
            {"k": k, "name": name, "shape": list(variable.shape), "sum": float(np.sum(variable, dtype=np.float64))}
            for k, (name, variable) in enumerate(zip(names, variables, strict=True))
        ],
        "inputs": plain(inputs),
        "sequence_windows": list(SEQUENCE_WINDOWS),
        "lstm_1_sequences": plain(np.asarray(sequences)[list(SEQUENCE_WINDOWS)]),
        "lstm_2_last_hidden": plain(hidden),
        "predictions": plain(predictions),
        "mse_against_zeros": float(f"{float(mse):.9g}"),
        "gradient_l2_norms": plain([np.linalg.norm(gradient) for gradient in gradients]),
        "gradient_sums": plain([gradient.sum() for gradient in gradients]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the Keras reference numbers for the LSTM test.")
    parser.add_argument("output", type=Path, help="the JSON file to write, e.g. tests/model/keras_lstm.json")
    output = parser.parse_args().output
    if keras.backend.backend() != "jax":
        parser.error(f"Keras must run on JAX, not on {keras.backend.backend()}; set KERAS_BACKEND=jax")
    jax.config.update("jax_platforms", "cpu")  # plain float32, no reduced-precision products
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in reference().items()]
    output.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
