"""The network as pure functions of JAX: LSTM layers, the framing of a window, and the head."""
