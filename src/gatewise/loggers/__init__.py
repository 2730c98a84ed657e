"""Logs of a run for other tools: TensorBoard, MLflow and Weights & Biases, each an extra of its own."""
