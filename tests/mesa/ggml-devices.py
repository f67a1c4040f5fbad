#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lists the devices of llama.cpp's tensor library, as `llama-bench --list-devices` does.

Debian packages the library and its Vulkan back-end but not the programs.
"""
import ctypes
import sys

try:
    ggml = ctypes.CDLL("libggml.so.0")
except OSError as error:
    print(f"libggml is not installed: {error}")
    sys.exit(77)

ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
ggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
for name in ("name", "description"):
    function = getattr(ggml, f"ggml_backend_dev_{name}")
    function.restype = ctypes.c_char_p
    function.argtypes = [ctypes.c_void_p]

ggml.ggml_backend_load_all()
for index in range(ggml.ggml_backend_dev_count()):
    device = ggml.ggml_backend_dev_get(index)
    name = ggml.ggml_backend_dev_name(device).decode()
    print(f"{name}: {ggml.ggml_backend_dev_description(device).decode()}")
