"""States every integer operator in numpy and holds the recorded results to it, bit for bit.

    python3 check_golden.py

It says which arithmetic the results follow, and that they do not depend on the machine that made them: the recorded codes
equal plain int64 sums and float32 steps. Cases it cannot explain are printed; README.md lists why.
"""

import base64
import json
import pathlib
import sys
import warnings

import ml_dtypes
import numpy as np

warnings.simplefilter("ignore", RuntimeWarning)
f32 = np.float32
BITS = {"int4": 4, "uint4": 4, "int2": 2, "uint2": 2, "float4_e2m1": 4}


def read(entry):
    """A recorded array; sub-byte codes become int8 or uint8."""
    raw, dtype, shape = base64.b64decode(entry["data"]), entry["dtype"], entry["shape"]
    if dtype not in BITS:
        kind = getattr(ml_dtypes, dtype, None) or np.dtype(dtype)
        return np.frombuffer(raw, kind).reshape(shape)
    bits, count = BITS[dtype], int(np.prod(shape))
    codes = (np.frombuffer(raw, np.uint8)[:, None] >> np.arange(0, 8, bits)) & (2**bits - 1)
    codes = codes.ravel()[:count].astype(np.int8)
    if dtype.startswith("int"):
        codes = np.where(codes >= 2 ** (bits - 1), codes - 2**bits, codes)
    return codes.astype(np.int8 if dtype.startswith("int") else np.uint8).reshape(shape)


def limits(dtype):
    bits = int(dtype.removeprefix("u").removeprefix("int"))
    return (0, 2**bits - 1) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def to_codes(real, zero, dtype):
    """saturate(round(real) + zero); NaN gives the lowest code."""
    low, high = limits(dtype)
    codes = np.clip(np.rint(real.astype(np.float64)) + np.asarray(zero, np.float64), low, high)
    return np.where(np.isnan(codes), low, codes).astype(np.int64)


def along(parameter, shape, axis, block):
    """A scale or zero point, spread over the elements of `shape`."""
    parameter = np.asarray(parameter)
    if parameter.ndim == 0 or parameter.size == 1:
        return parameter.reshape(())
    if block:
        axis %= len(shape)
        return np.repeat(parameter, block, axis).take(np.arange(shape[axis]), axis)
    return parameter.reshape([-1 if i == axis % len(shape) else 1 for i in range(len(shape))])


def quantize(case, x, out):
    at = (x["x"].shape, case["attributes"].get("axis", 1), case["attributes"].get("block_size", 0))
    real = x["x"] / along(x["y_scale"], *at)
    dtype = out["y"]
    if dtype.startswith("float8"):
        kind = getattr(ml_dtypes, dtype)
        largest = f32(ml_dtypes.finfo(kind).max)
        if case["attributes"].get("saturate", 1):
            real = np.clip(real, -largest, largest)
        return {"y": real.astype(kind)}
    return {"y": to_codes(real, along(x.get("y_zero_point", 0), *at), dtype)}


def dequantize(case, x, out):
    at = (x["x"].shape, case["attributes"].get("axis", 1), case["attributes"].get("block_size", 0))
    zero = along(x.get("x_zero_point", 0), *at)
    if case["inputs"]["x"]["dtype"].startswith("float"):
        return {"y": x["x"].astype(f32) * along(x["x_scale"], *at)}
    return {"y": (x["x"].astype(np.int64) - zero.astype(np.int64)).astype(f32) * along(x["x_scale"], *at)}


def dynamic(case, x, out):
    data = x["x"]
    # The range ignores NaN and takes in 0.
    low, high = np.fmin.reduce(data.ravel(), initial=f32(0)), np.fmax.reduce(data.ravel(), initial=f32(0))
    scale = f32(1) if low == high else (high - low) / f32(255)
    zero = np.clip(np.rint(f32(0) - low / scale), 0, 255)
    return {"y": to_codes(data / scale, zero, "uint8"), "y_scale": scale, "y_zero_point": np.uint8(zero)}


def cast(case, x, out):
    kind = np.dtype(getattr(ml_dtypes, out["y"], out["y"]))
    largest = f32(ml_dtypes.finfo(kind).max)
    data = x["input"].astype(f32)
    if kind.itemsize == 1 and case["attributes"].get("saturate", 1):
        data = np.clip(data, -largest, largest)
    return {"y": data.astype(kind)}


def requantize(sums, multiplier, zero, dtype):
    """The step every integer layer ends with: one float32 product of the sum, rounded half to even."""
    return to_codes(sums.astype(f32) * np.asarray(multiplier, f32), zero, dtype)


def matmul_integer(case, x, out):
    a = x["A"].astype(np.int64) - x.get("a_zero_point", np.uint8(0)).astype(np.int64)
    b = x["B"].astype(np.int64) - x.get("b_zero_point", np.uint8(0)).astype(np.int64)
    return {"Y": (a @ b).astype(np.int32)}


def qlinear_matmul(case, x, out):
    a = x["a"].astype(np.int64) - x["a_zero_point"].astype(np.int64)
    b = x["b"].astype(np.int64) - x["b_zero_point"].astype(np.int64)
    return {"y": requantize(a @ b, x["a_scale"] * x["b_scale"] / x["y_scale"], x["y_zero_point"], out["y"])}


def qgemm(case, x, out):
    attributes = case["attributes"]
    a = x["A"].astype(np.int64) - x["a_zero_point"].astype(np.int64)
    # Zero points and scales per column belong to the columns of the product.
    a = a.T if attributes.get("transA") else a
    b = x["B"].T if attributes.get("transB") else x["B"]
    sums = a @ (b.astype(np.int64) - x["b_zero_point"].astype(np.int64)) + x.get("C", np.int64(0))
    scale = f32(attributes.get("alpha", 1)) * x["a_scale"] * x["b_scale"]
    if "y_scale" not in x:
        return {"Y": sums.astype(f32) * scale}
    return {"Y": requantize(sums, scale / x["y_scale"], x["y_zero_point"], out["Y"])}


def qlinear_add(case, x, out):
    # Unlike every other operator here, the output's zero point is added before the rounding: it decides ties.
    ratio = {k: x[f"{k}_scale"] / x["C_scale"] for k in "AB"}
    offset = x["C_zero_point"].astype(f32) - (ratio["A"] * x["A_zero_point"].astype(f32) + ratio["B"] * x["B_zero_point"].astype(f32))
    real = x["A"].astype(f32) * ratio["A"] + (x["B"].astype(f32) * ratio["B"] + offset)
    return {"C": to_codes(real, 0, out["C"])}


def global_average_pool(case, x, out):
    axes = (1, 2) if case["attributes"]["channels_last"] else (2, 3)
    data = x["X"].astype(np.int64) - x["x_zero_point"].astype(np.int64)
    count = f32(np.prod([data.shape[axis] for axis in axes]))
    multiplier = x["x_scale"] / (x["y_scale"] * count)
    return {"Y": requantize(data.sum(axes, keepdims=True), multiplier, x["y_zero_point"], out["Y"])}


OPS = {
    "MatMulInteger": matmul_integer,
    "QLinearMatMul": qlinear_matmul,
    "QGemm": qgemm,
    "QLinearAdd": qlinear_add,
    "QLinearGlobalAveragePool": global_average_pool,
    "QuantizeLinear": quantize,
    "DequantizeLinear": dequantize,
    "DynamicQuantizeLinear": dynamic,
    "Cast": cast,
}


def same(got, want):
    """Bit for bit, but for the bits of a NaN."""
    if got.dtype.kind in "iu" and np.asarray(want).dtype.kind in "iu":
        return got.astype(np.int64) == want
    got, want = got.astype(f32), np.asarray(want).astype(f32)
    return (got.view(np.uint32) == want.view(np.uint32)) | (np.isnan(got) & np.isnan(want))


def check(case):
    """Number of elements that differ, and the first difference."""
    inputs = {name: read(entry) for name, entry in case["inputs"].items()}
    types = {name: entry["dtype"] for name, entry in case["outputs"].items()}
    wrong, first = 0, ""
    for name, want in OPS[case["op"]](case, inputs, types).items():
        got = read(case["outputs"][name])
        bad = ~np.broadcast_to(same(got, np.asarray(want)), got.shape)
        if bad.any() and not first:
            index = np.argwhere(bad)[0]
            first = f"{name}{index.tolist()}: onnxruntime {got[tuple(index)]}, here {np.broadcast_to(want, got.shape)[tuple(index)]}"
        wrong += int(bad.sum())
    return wrong, first


def main():
    failures = 0
    for path in sorted(pathlib.Path(__file__).parent.glob("golden-*.json")):
        golden = json.loads(path.read_text())
        checked = 0
        for case in golden["cases"] + golden["departures"]:
            if case["op"] not in OPS:
                continue
            checked += 1
            wrong, first = check(case)
            if bool(wrong) != ("reason" in case):
                failures += 1
                print(f"  {case['op']}: {case['name']}: {first or 'no departure'}{f' and {wrong - 1} more' if wrong > 1 else ''}")
        count = {key: len(golden[key]) for key in ("cases", "departures", "refused")}
        print(f"{path.name}: {count}, {checked} checked")
    return failures


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
