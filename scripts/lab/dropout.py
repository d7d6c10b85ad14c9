"""Dropout of hidden states whose mask costs a CPU little: one random number gives eight values.

PyTorch draws a Bernoulli number per value, which takes a CPU several times longer than the layer around it.
"""

from __future__ import annotations

import torch
from transformers import BertForTokenClassification

STEPS = 256  # a value is dropped where its random byte is below share * STEPS


class ByteDropout(torch.nn.Module):
    """While training, zeroes values with probability round(share * 256) / 256, at most 255 / 256, and scales
    the others.

    The random numbers are those of PyTorch's default generator, so `torch.manual_seed` repeats them.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.threshold = min(round(share * STEPS), STEPS - 1)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        if not self.training or self.threshold == 0:
            return hidden
        words = torch.empty((hidden.numel() + 7) // 8, dtype=torch.int64, device=hidden.device)
        random_bytes = words.random_(-(2**63), None).view(torch.uint8)[: hidden.numel()]
        kept = (random_bytes >= self.threshold).view(hidden.shape)
        return hidden * (kept.to(hidden.dtype) * (STEPS / (STEPS - self.threshold)))


def set_dropout(model: BertForTokenClassification, share: float) -> None:
    """Sets the dropout of hidden states; attention gets none, as its would keep it from the fused kernel.

    Raises ValueError where `share` is not at least 0 and less than 1.
    """
    if not 0 <= share < 1:
        raise ValueError(f"--dropout {share}: expected at least 0 and less than 1")
    model.config.hidden_dropout_prob = share
    model.config.attention_probs_dropout_prob = 0.0
    model.bert.embeddings.dropout = ByteDropout(share)
    model.dropout = ByteDropout(share)
    for layer in model.bert.encoder.layer:
        layer.attention.output.dropout = ByteDropout(share)
        layer.output.dropout = ByteDropout(share)
        if hasattr(layer.attention, "self"):  # a pruned layer may have no attention
            layer.attention.self.dropout.p = 0.0
