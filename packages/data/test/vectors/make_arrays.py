"""Writes arrays.json: files of NumPy (2.4) and safetensors, with what is in them. Run: python make_arrays.py"""
import base64, io, json
import numpy as np
from numpy.lib import format as npy

def b64(data): return base64.b64encode(bytes(data)).decode()

def values(array):
    """Little-endian, row-major bytes."""
    return b64(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())

def save(array, version=None):
    buffer = io.BytesIO(); npy.write_array(buffer, array, version=version); return b64(buffer.getvalue())

rng = np.random.default_rng(7)
files = []
def add(name, array, dtype, version=None):
    files.append({"name": name, "file": save(array, version), "dtype": dtype, "shape": list(array.shape), "data": values(array)})

names = {"f2": "float16", "f4": "float32", "f8": "float64", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64",
         "u1": "uint8", "u2": "uint16", "u4": "uint32", "u8": "uint64", "b1": "bool"}
for kind, dtype in names.items():
    raw = rng.integers(0, 2, (3, 4)) if kind == "b1" else rng.standard_normal((3, 4)) * 100 if kind[0] == "f" else rng.integers(0, 100, (3, 4))
    for order in "<>":
        add(f"{order}{kind}", raw.astype(np.dtype(kind).newbyteorder(order)), dtype)
cube = rng.integers(0, 1000, (2, 3, 5)).astype("<i4")
add("fortran", np.asfortranarray(cube), "int32")
add("big-endian fortran", np.asfortranarray(cube.astype(">i4")), "int32")
add("scalar", np.array(1.5, "<f4"), "float32")
add("vector", np.arange(5, dtype="<i8"), "int64")
add("nothing", np.zeros((0, 3), "<f4"), "float32")
add("version 1", cube, "int32", (1, 0))
add("version 2", cube, "int32", (2, 0))
add("version 3", cube, "int32", (3, 0))

refused = []
for name, array in [("complex", np.zeros(2, "c16")), ("text", np.array(["a", "bc"])), ("dates", np.array(["2020-01-01"], "M8[D]")),
                    ("structure", np.zeros(2, [("x", "f4"), ("y", "i4")])), ("bytes", np.array([b"ab"])), ("long double", np.zeros(2, np.longdouble))]:
    refused.append({"name": name, "file": save(array)})
buffer = io.BytesIO(); npy.write_array(buffer, np.array([{}, None], object), allow_pickle=True)
refused.append({"name": "objects", "file": b64(buffer.getvalue())})

x, y = np.arange(24, dtype=np.float32).reshape(6, 4), np.array([0, 1, 2, 0, 1, 2])
archives = {}
for name, write in [("savez", np.savez), ("savez_compressed", np.savez_compressed)]:
    buffer = io.BytesIO(); write(buffer, x=x, labels=y); archives[name] = b64(buffer.getvalue())

# As if every file were larger than 4 GiB.
import zipfile
zipfile.ZIP64_LIMIT = 0
buffer = io.BytesIO(); np.savez(buffer, x=x, labels=y); archives["savez of large arrays (zip64)"] = b64(buffer.getvalue())

import ml_dtypes
from safetensors.numpy import save as serialize
tensors = {"f32": rng.standard_normal((2, 3)).astype("f4"), "f16": rng.standard_normal((4,)).astype("f2"),
           "f64": rng.standard_normal((1, 2)), "i8": rng.integers(-9, 9, (5,)).astype("i1"), "u16": rng.integers(0, 9, (3,)).astype("u2"),
           "i64": rng.integers(-9, 9, (2, 2)), "flag": np.array([True, False, True]), "scalar": np.array(2.5, "f4"),
           "bf16": rng.standard_normal((6,)).astype(ml_dtypes.bfloat16),
           "e4m3": rng.standard_normal((6,)).astype(ml_dtypes.float8_e4m3fn), "e5m2": rng.standard_normal((6,)).astype(ml_dtypes.float8_e5m2)}
described = {name: {"shape": list(t.shape), "data": b64(t.tobytes()), "dtype": t.dtype.name} for name, t in tensors.items()}
safetensors = {"file": b64(serialize(tensors, {"format": "np"})), "tensors": described}

with open("arrays.json", "w") as f:
    json.dump({"files": files, "refused": refused, "archives": archives, "safetensors": safetensors}, f, indent=1)
    f.write("\n")
