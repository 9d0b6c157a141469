"""Writes float-vectors.json: what numpy, ml_dtypes and onnx say about the codes of every small number format.

    python3 -m pip install numpy ml_dtypes onnx
    python3 make_float_vectors.py

README.md beside this file describes the result. The tests read the JSON and never need Python.
"""

import base64
import json
import pathlib
import zlib
from fractions import Fraction

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

FLOATS = {
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "float8_e4m3fn": ml_dtypes.float8_e4m3fn,
    "float8_e5m2": ml_dtypes.float8_e5m2,
    "float8_e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "float8_e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
    "float4_e2m1": ml_dtypes.float4_e2m1fn,
}
INTEGERS = {
    **{f"{sign}int{bits}": getattr(np, f"{sign}int{bits}") for bits in (64, 32, 16, 8) for sign in ("", "u")},
    **{name: getattr(ml_dtypes, name) for name in ("int4", "uint4", "int2", "uint2")},
}
ONNX_TYPES = {
    "int4": TensorProto.INT4,
    "uint4": TensorProto.UINT4,
    "int2": TensorProto.INT2,
    "uint2": TensorProto.UINT2,
    "float4_e2m1": TensorProto.FLOAT4E2M1,
}
SIGN = np.uint32(1 << 31)


def deflated(array):
    """An array of unsigned integers as JSON: dtype, length, and the base64 of a raw deflate of its differences.

    Element i is the sum of the first i + 1 differences, modulo 2^bits; neighbouring codes differ by little, so this is
    a tenth of the size.
    """
    array = np.ravel(array)
    differences = np.diff(array, prepend=array.dtype.type(0)).astype(array.dtype.newbyteorder("<"))
    stream = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    data = stream.compress(differences.tobytes()) + stream.flush()
    return {"dtype": array.dtype.name, "length": array.size, "deflate": base64.b64encode(data).decode()}


def bits32(values):
    return np.asarray(values, np.float32).view(np.uint32)


def code_type(dtype):
    return np.uint16 if np.dtype(dtype).itemsize == 2 else np.uint8


def code_bits(dtype):
    return ml_dtypes.finfo(dtype).bits


def encode(values, dtype):
    """Codes of numpy's or ml_dtypes' own conversion: too large becomes infinity or, without one, NaN."""
    with np.errstate(all="ignore"):
        return np.asarray(values).astype(dtype).view(code_type(dtype))


def encode_saturated(values, dtype):
    """Codes when what is too large becomes the largest finite value.

    The 8-bit formats follow ONNX Cast with saturate=1, where infinities saturate too. The 16-bit formats have no such
    mode in ONNX: here finite values saturate and infinities stay.
    """
    values = np.asarray(values, np.float32)
    if code_bits(dtype) <= 8:
        with np.errstate(all="ignore"):
            return numpy_helper.saturate_cast(values, np.dtype(dtype)).view(code_type(dtype))
    largest = np.float32(ml_dtypes.finfo(dtype).max)
    return encode(np.where(np.isfinite(values), np.clip(values, -largest, largest), values), dtype)


def all_values(dtype):
    """Value of every code, as float32."""
    codes = np.arange(2 ** code_bits(dtype), dtype=code_type(dtype))
    with np.errstate(all="ignore"):
        return codes.view(dtype).astype(np.float32)


def finite_values(dtype):
    """The finite values from 0 up, as float32, each once."""
    positive = all_values(dtype)[: 2 ** (code_bits(dtype) - 1)]
    return positive[np.isfinite(positive)]


def neighbours(values):
    """For each value the float32 just below it, itself, and the one just above."""
    return np.stack([np.nextafter(values, np.float32(-np.inf)), values, np.nextafter(values, np.float32(np.inf))], 1)


def ties(dtype):
    """The point halfway between each two adjacent finite values, with its float32 neighbours; then all of it negated."""
    values = finite_values(dtype).astype(np.float64)
    middle = ((values[:-1] + values[1:]) / 2).astype(np.float32)
    assert np.all(middle.astype(np.float64) * 2 == values[:-1] + values[1:]), "a tie is not exact in float32"
    positive = bits32(neighbours(middle)).ravel()
    return np.concatenate([positive, positive | SIGN])


def specials(dtype):
    """The ends of the format and of float32, by name: each with its code in both modes."""
    values = finite_values(dtype)
    largest, before = values[-1].astype(np.float64), values[-2].astype(np.float64)
    above = np.float32(largest + (largest - before) / 2)
    named = {
        "zero": 0.0,
        "smallest float32": np.float32(2.0**-149),
        "second smallest float32": np.float32(2.0**-148),
        "largest subnormal float32": np.uint32(0x007FFFFF).view(np.float32),
        "smallest normal float32": np.float32(2.0**-126),
        "one": 1.0,
        "largest": values[-1],
        "below half a step above largest": np.nextafter(above, np.float32(0)),
        "half a step above largest": above,
        "above half a step above largest": np.nextafter(above, np.float32(np.inf)),
        "1e38": 1e38,
        "largest float32": np.uint32(0x7F7FFFFF).view(np.float32),
        "infinity": np.inf,
        "NaN": np.uint32(0x7FC00000).view(np.float32),
        "NaN with payload": np.uint32(0x7FA55555).view(np.float32),
    }
    rows = []
    for name, value in named.items():
        for sign in (np.uint32(0), SIGN):
            bits = bits32(value) | sign
            value_signed = bits.view(np.float32)
            rows.append(
                {
                    "name": ("-" if sign else "") + name,
                    "input": int(bits),
                    "code": int(encode(value_signed, dtype)),
                    "saturated": int(encode_saturated(value_signed, dtype)),
                }
            )
    return rows


def negated(codes, dtype):
    """Codes of the negative numbers. In fnuz formats zero has no negative: that code is NaN."""
    mirrored = codes | code_type(dtype)(1 << (code_bits(dtype) - 1))
    return np.where(codes == 0, codes, mirrored) if np.dtype(dtype).name.endswith("fnuz") else mirrored


def nearest(value, values):
    """Code of a double by exact arithmetic: the nearest value of the format, a tie to the even code."""
    exact, codes = Fraction(abs(float(value))), len(values)
    high = int(np.searchsorted(values, abs(float(value))))
    if high == 0:
        return 0
    top = Fraction(float(values[-1])) * 2 - Fraction(float(values[-2]))
    upper = Fraction(float(values[high])) if high < codes else top
    lower = Fraction(float(values[high - 1]))
    twice = 2 * exact - lower - upper
    return high if twice > 0 or (twice == 0 and high % 2 == 0) else high - 1


def doubles(dtype, rng):
    """Float64 inputs on which rounding twice, through float32, goes wrong, and random ones.

    A tie moved by 2^-40 of itself, or by the smallest double step, is a tie again once it has become a float32.
    """
    values = finite_values(dtype).astype(np.float64)
    middle = (values[:-1] + values[1:]) / 2
    if middle.size > 600:
        some = [np.arange(40), np.arange(middle.size - 40, middle.size), rng.integers(0, middle.size, 520)]
        middle = middle[np.unique(np.concatenate(some))]
    near = np.concatenate(
        [middle, middle * (1 - 2.0**-40), middle * (1 + 2.0**-40), np.nextafter(middle, 0), np.nextafter(middle, np.inf)]
    )
    low, high = np.log2(values[1]) - 2, np.log2(values[-1])
    spread = 2.0 ** rng.uniform(low, high, 500)
    positive = np.concatenate([near, spread])
    inputs = np.concatenate([positive, -positive])
    codes = np.array([nearest(v, values) for v in inputs], code_type(dtype))
    codes = np.where(inputs < 0, negated(codes, dtype), codes)
    direct = encode(inputs, dtype)
    twice = encode(inputs.astype(np.float32), dtype)
    if dtype is np.float16:
        assert np.array_equal(codes, direct), "numpy and exact arithmetic disagree"
    print(
        f"  float64: {inputs.size} inputs, {np.sum(codes != twice)} wrong through float32, "
        f"{np.sum(codes != direct)} wrong in the library"
    )
    return {"inputs": deflated(inputs.view(np.uint64)), "codes": deflated(codes)}


def format_vectors(name, dtype, rng):
    print(name)
    inputs = ties(dtype)
    codes = encode(inputs.view(np.float32), dtype)
    half = codes.size // 2
    assert np.array_equal(codes[half:], negated(codes[:half], dtype)), "a negative code is not the mirror"
    assert np.array_equal(codes, encode_saturated(inputs.view(np.float32), dtype)), "a finite code depends on the mode"
    return {
        "source": ("numpy." if dtype is np.float16 else "ml_dtypes.") + np.dtype(dtype).name,
        "bits": code_bits(dtype),
        "decode": deflated(bits32(all_values(dtype))),
        "encode": {"inputs": deflated(inputs), "codes": deflated(codes)},
        "specials": specials(dtype),
        "float64": doubles(dtype, rng),
    }


def float_info(dtype):
    info = ml_dtypes.finfo(dtype)
    fields = ("max", "smallest_normal", "smallest_subnormal", "eps")
    return {"bits": info.bits, **{f: float(getattr(info, f)) for f in fields}, "precision": int(info.precision)}


def integer_info(dtype):
    info = (np if np.dtype(dtype).kind in "iu" else ml_dtypes).iinfo(dtype)
    # Strings: JavaScript numbers do not hold the ends of 64 bits.
    return {"bits": info.bits, "min": str(info.min), "max": str(info.max)}


def packed(rng):
    """Arrays of every sub-byte format and the bytes that onnx packs them into."""
    cases = []
    for name, onnx_type in ONNX_TYPES.items():
        dtype = INTEGERS.get(name) or FLOATS[name]
        bits = int(name.removeprefix("float").lstrip("uint")[0])
        count = 2**bits
        ordered = np.arange(count)
        lists = [[], ordered[:1], ordered[:3], np.append(ordered, count - 1), ordered[::-1][: count - 1]]
        lists += [rng.integers(0, count, n) for n in (2, 5, 6, 7, 8, 37)]
        for codes in lists:
            codes = np.asarray(codes, np.uint8)
            if name.startswith("int"):
                signed = codes.astype(np.int8) - np.int8(count) * (codes >= count // 2)
                values = signed.astype(np.int8).astype(dtype)
            elif name.startswith("uint"):
                values = codes.astype(dtype)
            else:
                values = codes.view(dtype)
            tensor = numpy_helper.from_array(values)
            assert tensor.data_type == onnx_type
            again = numpy_helper.to_array(tensor)
            assert np.array_equal(again.astype(np.float32), values.astype(np.float32))
            cases.append(
                {
                    "dtype": name,
                    "codes": [int(c) for c in codes],
                    "values": [float(v) for v in values.astype(np.float32)],
                    "bytes": list(tensor.raw_data),
                }
            )
    return cases


def json_lines(value, depth=2):
    """JSON with one line for each entry of the first levels."""
    if depth == 0 or not isinstance(value, (dict, list)):
        return json.dumps(value)
    indent = "  " * (3 - depth)
    if isinstance(value, list):
        items, ends = [json_lines(v, depth - 1) for v in value], "[]"
    else:
        items, ends = [f"{json.dumps(k)}: {json_lines(v, depth - 1)}" for k, v in value.items()], "{}"
    return ends[0] + "\n" + ",\n".join(indent + item for item in items) + "\n" + indent[2:] + ends[1]


def main():
    rng = np.random.default_rng(20260101)
    vectors = {
        "versions": {"numpy": np.__version__, "ml_dtypes": ml_dtypes.__version__, "onnx": onnx.__version__},
        "floats": {
            "float64": float_info(np.float64),
            "float32": float_info(np.float32),
            **{name: float_info(dtype) for name, dtype in FLOATS.items()},
        },
        "integers": {name: integer_info(dtype) for name, dtype in INTEGERS.items()},
        "formats": {name: format_vectors(name, dtype, rng) for name, dtype in FLOATS.items()},
        "packing": packed(rng),
    }
    path = pathlib.Path(__file__).with_name("float-vectors.json")
    path.write_text(json_lines(vectors))
    print(path.name, path.stat().st_size, "bytes")


main()
