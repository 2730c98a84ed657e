"""PyTorch's own LSTM in a plain loop, batches indexed from tensors in memory (no DataLoader in the way)."""

from __future__ import annotations

from itertools import pairwise

from networks import NETWORKS, windows
from peers.clock import Clock


def measure(network: str, seconds: float) -> dict[str, float]:
    """Return epochs per second."""
    import torch
    from torch import nn

    chosen = NETWORKS[network]

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            sizes = [1, *chosen.hidden]
            self.layers = nn.ModuleList(nn.LSTM(a, b, batch_first=True) for a, b in pairwise(sizes))
            self.dropout = nn.Dropout(chosen.dropout)
            self.head = nn.Linear(sizes[-1], 1)

        def forward(self, x):
            for layer in self.layers:
                x = self.dropout(layer(x)[0])
            return self.head(x[:, -1])

    inputs, targets = (torch.from_numpy(part) for part in windows(chosen))
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    clock, enough = Clock(seconds), False
    while not enough:
        for batch in torch.randperm(len(inputs)).split(chosen.batch):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(inputs[batch]), targets[batch]).backward()
            optimizer.step()
        enough = clock.tick()
    return {"epochs/s": clock.rate}
