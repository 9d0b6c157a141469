"""States every integer operator in numpy and holds the recorded results to it, bit for bit.

    python3 check_golden.py

It shows which arithmetic the results follow, and that they do not depend on the machine that made them: the recorded codes
equal plain int64 sums and float32 steps. Float operators are held to ONNX's reference implementation within a
tolerance. It fails if one of the cases differs, or if a departure does not.
"""

import base64
import json
import pathlib
import sys
import warnings

import ml_dtypes
import numpy as np
import onnx
from onnx import helper
from onnx.reference import ReferenceEvaluator

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
    real = [
        (x[k].astype(np.int64) - x[f"{k}_zero_point"].astype(np.int64)).astype(f32) * x[f"{k}_scale"] for k in "AB"
    ]
    return {"C": to_codes((real[0] + real[1]) / x["C_scale"] + x["C_zero_point"].astype(f32), 0, out["C"])}


def global_average_pool(case, x, out):
    axes = (1, 2) if case["attributes"]["channels_last"] else (2, 3)
    data = x["X"].astype(np.int64) - x["x_zero_point"].astype(np.int64)
    count = f32(np.prod([data.shape[axis] for axis in axes]))
    multiplier = x["x_scale"] / (x["y_scale"] * count)
    return {"Y": requantize(data.sum(axes, keepdims=True), multiplier, x["y_zero_point"], out["Y"])}


def convolve(x, w, attributes):
    """Sums of products in any number of dimensions; x and w without their zero points, so that padding is 0."""
    rank = w.ndim - 2
    pads, strides, dilations, group = (attributes[key] for key in ("pads", "strides", "dilations", "group"))
    x = np.pad(x, [(0, 0), (0, 0), *zip(pads[:rank], pads[rank:])])
    size = [(x.shape[2 + d] - (w.shape[2 + d] - 1) * dilations[d] - 1) // strides[d] + 1 for d in range(rank)]
    y = np.zeros((x.shape[0], w.shape[0], *size), x.dtype)
    each_in, each_out = w.shape[1], w.shape[0] // group
    every = (slice(None), slice(None))
    for g in range(group):
        part, weights = x[:, g * each_in : (g + 1) * each_in], w[g * each_out : (g + 1) * each_out]
        for tap in np.ndindex(*w.shape[2:]):
            first = [t * step for t, step in zip(tap, dilations)]
            window = [slice(f, f + (n - 1) * step + 1, step) for f, n, step in zip(first, size, strides)]
            product = np.einsum("nc...,oc->no...", part[(*every, *window)], weights[(*every, *tap)])
            y[:, g * each_out : (g + 1) * each_out] += product
    return y


def per_channel(parameter, rank):
    """A parameter of the output channels, shaped to go with [batch, channels, ...]."""
    return np.reshape(parameter, (-1, *[1] * rank)) if np.ndim(parameter) else parameter


def convolution_sums(case, x):
    rank = x["w"].ndim - 2
    data = x["x"].astype(np.int64) - x.get("x_zero_point", np.uint8(0)).astype(np.int64)
    zero = x.get("w_zero_point", np.uint8(0)).astype(np.int64)
    weights = x["w"].astype(np.int64) - (zero.reshape(-1, *[1] * (rank + 1)) if zero.ndim else zero)
    return convolve(data, weights, case["attributes"])


def conv_integer(case, x, out):
    return {"y": convolution_sums(case, x).astype(np.int32)}


def qlinear_conv(case, x, out):
    rank = x["w"].ndim - 2
    sums = convolution_sums(case, x) + per_channel(x.get("B", np.zeros(1, np.int32)).astype(np.int64), rank)
    multiplier = x["x_scale"] * x["w_scale"] / x["y_scale"]
    return {"y": requantize(sums, per_channel(multiplier, rank), x["y_zero_point"], out["y"])}


def unpack(raw, bits):
    """Codes of packed bytes, the first in the low bits, along the last axis."""
    codes = (raw[..., None] >> np.arange(0, 8, bits, dtype=np.uint8)) & (2**bits - 1)
    return codes.reshape(*raw.shape[:-1], -1)


def matmul_nbits(case, x, out):
    attributes = case["attributes"]
    bits, block, k, n = (attributes[key] for key in ("bits", "block_size", "K", "N"))
    blocks = -(-k // block)
    zeros = x.get("zero_points", np.float64(2 ** (bits - 1)))
    if zeros.dtype == np.uint8:
        zeros = unpack(zeros, bits)[:, :blocks]
    scales = x["scales"].astype(np.float64)
    weights = (unpack(x["B"], bits) - np.reshape(zeros, (*zeros.shape, 1)).astype(np.float64)) * scales[..., None]
    return {"Y": x["A"].astype(np.float64) @ weights.reshape(n, -1)[:, :k].T + x.get("bias", 0)}


def pad(case, x, out):
    data, pads = x["data"], x["pads"]
    axes = x.get("axes", np.arange(data.ndim))
    widths = np.zeros((data.ndim, 2), np.int64)
    widths[axes] = pads.reshape(2, -1).T
    # A negative width crops, and the rest pads what is left.
    data = data[tuple(slice(max(-a, 0), size - max(-b, 0)) for (a, b), size in zip(widths, data.shape))]
    mode = case["attributes"]["mode"]
    options = {"constant_values": x.get("constant_value", 0)} if mode == "constant" else {}
    return {"output": np.pad(data, np.maximum(widths, 0), mode, **options)}


OPS = {
    "Pad": pad,
    "ConvInteger": conv_integer,
    "QLinearConv": qlinear_conv,
    "MatMulNBits": matmul_nbits,
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
    """Bit for bit, but for the bits of a NaN; of a float64 statement, up to a relative error of the largest."""
    if np.asarray(want).dtype == np.float64:
        largest = np.abs(want[np.isfinite(want)]).max(initial=0)
        return (np.abs(got - want) <= 1e-5 * largest) | (got == want) | (np.isnan(got) & np.isnan(want))
    if got.dtype.kind in "iu" and np.asarray(want).dtype.kind in "iu":
        return got.astype(np.int64) == want
    got, want = got.astype(f32), np.asarray(want).astype(f32)
    return (got.view(np.uint32) == want.view(np.uint32)) | (np.isnan(got) & np.isnan(want))


def by_reference(case, x, out):
    """What ONNX's own reference implementation says of an operator that is not stated here."""
    schema = onnx.defs.get_schema(case["op"], case["opset"])
    if case["attributes"].get("coordinate_transformation_mode") == "align_corners" and "scales" in x:
        # Where a length is rounded down, ONNX's text means the rounded one; the reference keeps the fraction.
        x["sizes"] = np.floor(x["X"].shape * x.pop("scales")).astype(np.int64)
    names = [formal.name if formal.name in x else "" for formal in schema.inputs]
    while not names[-1]:
        names.pop()
    node = helper.make_node(case["op"], names, list(out), **case["attributes"])
    values = [helper.make_empty_tensor_value_info(name) for name in out]
    inputs = [helper.make_tensor_value_info(k, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for k, v in x.items()]
    graph = helper.make_graph([node], case["op"], inputs, values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", case["opset"])])
    results = ReferenceEvaluator(model).run(None, x)
    return {name: np.asarray(v, np.float64 if v.dtype == f32 else v.dtype) for name, v in zip(out, results)}


def check(case):
    """Number of elements that differ, and the first difference."""
    inputs = {name: read(entry) for name, entry in case["inputs"].items()}
    types = {name: entry["dtype"] for name, entry in case["outputs"].items()}
    wrong, first = 0, ""
    for name, want in OPS.get(case["op"], by_reference)(case, inputs, types).items():
        got = read(case["outputs"][name])
        if got.shape != np.shape(want) and np.size(want) > 1:
            return got.size, f"{name} has shape {got.shape}, here {np.shape(want)}"
        bad = ~np.broadcast_to(same(got, np.asarray(want)), got.shape)
        if bad.any() and not first:
            index = tuple(np.argwhere(bad)[0].tolist())
            first = f"{name}{list(index)}: onnxruntime {got[index]}, here {np.broadcast_to(want, got.shape)[index]}"
        wrong += int(bad.sum())
    return wrong, first


def main():
    failures = 0
    for path in sorted(pathlib.Path(__file__).parent.glob("golden-*.json")):
        golden = json.loads(path.read_text())
        for case in golden["cases"] + golden["departures"]:
            wrong, first = check(case)
            if bool(wrong) != ("reason" in case):
                failures += 1
                print(f"  {case['op']}: {case['name']}: {wrong} differ: {first}")
        count = {key: len(golden[key]) for key in ("cases", "departures", "refused")}
        print(path.name, *(f"{number} {key}" for key, number in count.items()))
    return failures


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
