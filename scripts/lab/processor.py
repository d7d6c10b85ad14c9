"""What the CPU is called, and which int8 and bf16 instructions it has."""

from __future__ import annotations

import platform
from pathlib import Path

NOTABLE_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "amx_bf16")


def processor_name() -> str:
    name, flags = read_processor()
    found = [flag for flag in NOTABLE_FLAGS if flag in flags]
    return f"{name} ({', '.join(found)})" if found else name


def has_bf16() -> bool:
    """Whether products in bf16 are faster than in fp32; where they are emulated they take many times longer."""
    return bool({"avx512_bf16", "amx_bf16"} & read_processor()[1])


def read_processor() -> tuple[str, set[str]]:
    info = Path("/proc/cpuinfo")
    name, flags = platform.processor() or platform.machine(), ""
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                name = value.strip()
            elif key.strip() == "flags":
                flags = value
    return name, set(flags.split())
