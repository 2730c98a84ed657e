"""PyTorch's own LSTM in a plain loop, batches indexed from tensors in memory (no DataLoader in the way)."""

from __future__ import annotations

import time
from itertools import pairwise

from networks import Network, windows


def measure(network: Network, epochs: int, jobs: int = 1) -> float:
    """Return epochs per second."""
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            sizes = [1, *network.hidden]
            self.layers = nn.ModuleList(nn.LSTM(a, b, batch_first=True) for a, b in pairwise(sizes))
            self.dropout = nn.Dropout(network.dropout)
            self.head = nn.Linear(sizes[-1], 1)

        def forward(self, x):
            for layer in self.layers:
                x = self.dropout(layer(x)[0])
            return self.head(x[:, -1])

    inputs, targets = (torch.from_numpy(part) for part in windows(network))
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def run(count: int) -> None:
        for _ in range(count):
            for batch in torch.randperm(len(inputs)).split(network.batch):
                optimizer.zero_grad()
                nn.functional.mse_loss(model(inputs[batch]), targets[batch]).backward()
                optimizer.step()

    run(1)
    began = time.perf_counter()
    run(epochs)
    return epochs / (time.perf_counter() - began)
