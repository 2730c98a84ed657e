"""Tables in, panels out: reading, checking, splitting and windowing. NumPy and pandas only."""
