"""Where training runs, and in which precision."""

from __future__ import annotations

import torch


def device_for(name: str) -> torch.device:
    """`auto` is the first CUDA device where there is one. Raises ValueError where `cuda` is asked for and
    there is none.

    On CUDA, fp32 products use TF32: their error is below what an epoch's random order changes.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda: PyTorch sees no CUDA device here; pass --device cpu, or auto")
    if name == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    torch.set_float32_matmul_precision("high")
    return torch.device("cuda")


def autocast(model: torch.nn.Module, bf16: bool) -> torch.autocast:
    """Products in bf16 on the device that the model is on, where `bf16` says so."""
    return torch.autocast(next(model.parameters()).device.type, dtype=torch.bfloat16, enabled=bf16)
