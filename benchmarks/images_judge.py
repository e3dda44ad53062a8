"""What judges images: a classifier of the real ones, its features, and distances between them.

The classifier is a small convolutional network, trained within the benchmark. Its last hidden layer
is the space of the Frechet distance (Heusel et al. 2017, arXiv 1706.08500, eq. 6):

    d^2 = |m_1 - m_2|^2 + tr(C_1 + C_2 - 2 (C_1 C_2)^(1/2)).

The same recipe, trained on generated images with the classes that were asked for and tested on real
ones, measures how useful generated images are.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interfuse.train.precision import autocast, choose_device, choose_precision

FEATURES = 128
EPOCHS = 6
BATCH = 128
RATE = 3e-3


class Classifier(nn.Module):
    """Three convolutions, a hidden layer, the classes."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()

        def layer(a: int, b: int, stride: int) -> nn.Sequential:
            conv = nn.Conv2d(a, b, 3, stride=stride, padding=1, bias=False)
            return nn.Sequential(conv, nn.BatchNorm2d(b), nn.ReLU())

        self.body = nn.Sequential(
            layer(1, 32, 1), layer(32, 64, 2), layer(64, 64, 1), layer(64, 128, 2), nn.Flatten()
        )
        self.hidden = nn.Linear(128 * 49, FEATURES)
        self.classes = nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        """(n, 1, 28, 28) in [-1, 1] to (n, FEATURES)."""
        return F.relu(self.hidden(self.body(x.contiguous(memory_format=torch.channels_last))))

    def forward(self, x: Tensor) -> Tensor:
        """(n, 1, 28, 28) to logits."""
        return self.classes(F.dropout(self.features(x), 0.3, self.training))


def _unit(pixels: Tensor) -> Tensor:
    return pixels.float() / 127.5 - 1


def train(pixels: Tensor, labels: Tensor, seed: int, epochs: int = EPOCHS) -> Classifier:
    """Fit a classifier by AdamW with one cycle of the rate.

    Args:
        pixels: (n, 1, 28, 28) uint8.
        labels: (n,).
        seed: of weights, order and dropout.
        epochs: how many times each image is seen.
    """
    device = choose_device()
    precision = choose_precision("auto", device)
    torch.manual_seed(seed)
    net = Classifier().to(device=device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.02, fused=True)
    steps = epochs * (len(pixels) // BATCH)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for _ in range(epochs):
        order = torch.randperm(len(pixels))
        for i in range(len(pixels) // BATCH):
            part = order[i * BATCH : (i + 1) * BATCH]
            with autocast(device, precision):
                logits = net(_unit(pixels[part].to(device)))
            loss = F.cross_entropy(logits.float(), labels[part].to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            cycle.step()
    return net.eval()


@torch.inference_mode()
def features(net: Classifier, pixels: Tensor) -> Tensor:
    """(n, FEATURES) float64, computed in float32."""
    device = next(net.parameters()).device
    parts = [net.features(_unit(p.to(device))).double().cpu() for p in pixels.split(500)]
    return torch.cat(parts)


@torch.inference_mode()
def classes(net: Classifier, pixels: Tensor) -> Tensor:
    """(n,) the most likely class of each image."""
    device = next(net.parameters()).device
    return torch.cat([net(_unit(p.to(device))).argmax(1).cpu() for p in pixels.split(500)])


def accuracy(net: Classifier, pixels: Tensor, labels: Tensor) -> float:
    """Share of images whose class is seen."""
    return float((classes(net, pixels) == labels).double().mean())


def frechet(a: Tensor, b: Tensor) -> float:
    """The squared Frechet distance between normal distributions fitted to two sets of features."""
    m_a, m_b, c_a, c_b = a.mean(0), b.mean(0), a.T.cov(), b.T.cov()
    values, vectors = torch.linalg.eigh(c_a)
    root = vectors * values.clamp_min(0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ c_b @ root).clamp_min(0).sqrt().sum()
    return float((m_a - m_b).square().sum() + c_a.trace() + c_b.trace() - 2 * cross)
