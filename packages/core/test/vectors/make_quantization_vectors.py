"""Writes quantization-vectors.json: what numpy makes of affine mappings and ranges, for core's tests.

python3 -m pip install numpy==2.4.6 scipy==1.17.1 && python3 make_quantization_vectors.py
"""

import base64
import json
import pathlib
import zlib

import numpy as np
import scipy
from scipy.stats import norm

rng = np.random.default_rng(2024)
f32 = np.float32
LIMITS = {
    "int2": (-2, 1), "uint2": (0, 3), "int4": (-8, 7), "uint4": (0, 15),
    "int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "uint16": (0, 65535),
}


def packed(array, dtype):
    """A long array as base64 of its little-endian bytes, deflated without a header."""
    compressor = zlib.compressobj(9, wbits=-15)
    raw = np.asarray(array).astype(dtype).astype(np.dtype(dtype).newbyteorder("<")).tobytes()
    return base64.b64encode(compressor.compress(raw) + compressor.flush()).decode()


def quantize_cases():
    """ONNX QuantizeLinear and DequantizeLinear, literally, in float32. The elements of all cases follow each other."""
    cases, all_x, all_codes, all_values = [], [], [], []
    for dtype, (low, high) in LIMITS.items():
        # A power of two makes exact ties; the others make quotients that division has to round.
        for scale in [f32(0.25), f32(0.1), f32(1) / f32(3), f32(1e-30)]:
            for zero_point in sorted({0, (low + high) // 2 + 2, low}):
                steps = np.arange(low - 3, high + 4)
                if zero_point != 0 or len(steps) > 300:
                    steps = rng.choice(steps, min(len(steps), 20), replace=False)
                ties = (steps - zero_point + 0.5).astype(f32) * scale
                x = np.concatenate([ties, np.nextafter(ties, f32(np.inf)), np.nextafter(ties, f32(-np.inf)),
                                    ((steps - zero_point) * scale).astype(f32),
                                    np.array([0, -0.0, np.inf, -np.inf, np.nan, 3.4e38, -3.4e38, 1e-45], f32)])
                with np.errstate(over="ignore", invalid="ignore"):
                    quotient = x / scale
                    assert quotient.dtype == f32
                    codes = np.clip(np.rint(quotient).astype(np.float64) + zero_point, low, high)
                    codes = np.where(np.isnan(codes), zero_point, codes).astype(np.int64)
                    values = (codes - zero_point).astype(f32) * scale
                    assert values.dtype == f32
                cases.append({"dtype": dtype, "scale": float(scale), "zeroPoint": int(zero_point), "length": len(x)})
                all_x.append(x)
                all_codes.append(codes)
                all_values.append(values)
    return {"cases": cases, "x": packed(np.concatenate(all_x), "f4"), "codes": packed(np.concatenate(all_codes), "i4"),
            "values": packed(np.concatenate(all_values), "f4")}


def parameter_cases():
    """onnxruntime's rule for scale and zero point (quantization/quant_utils.py, compute_scale_zp), restated.

    Two deliberate differences: the symmetric range is that of the largest code for every dtype, and the zero point divides
    by the scale as stored, in float32, as ONNX DynamicQuantizeLinear does.
    """
    cases = []
    for dtype, (low, high) in LIMITS.items():
        ranges = [(-1, 1), (0, 6), (-6, 0), (0.5, 2), (-3, -1), (-1e-3, 20), (0, 0)] + rng.normal(0, 5, (6, 2)).tolist()
        for a, b in ranges:
            rmin, rmax = min(a, b, 0), max(a, b, 0)
            dr = rmax - rmin
            scale = f32(dr / (high - low)) if dr > 0 else f32(1)
            zero_point = int(np.clip(np.rint(low - np.float64(f32(rmin / np.float64(scale)))), low, high))
            middle = 0 if low < 0 else (high + 1) // 2
            largest = max(-rmin, rmax)
            symmetric = f32(largest / (high - middle)) if largest > 0 else f32(1)
            cases.append({"dtype": dtype, "min": min(a, b), "max": max(a, b), "scale": float(scale), "zeroPoint": zero_point,
                          "symmetricScale": float(symmetric), "symmetricZeroPoint": middle})
    return cases


def data():
    """Distributions as calibration meets them; three decimals keep the file small."""
    n = 1500
    mixture = np.where(rng.random(n) < 0.5, rng.normal(-2, 0.3, n), rng.normal(3, 0.5, n))
    outliers = np.concatenate([rng.normal(0, 1, n - 3), [40.3, -25.1, 33.7]])
    return {name: np.round(x, 3).astype(f32) for name, x in {
        "normal": rng.normal(0, 1, n),
        "laplace": rng.laplace(0.2, 1, n),
        "relu": np.maximum(rng.normal(0, 2, n), 0),
        "mixture": mixture,
        "outliers": rng.permutation(outliers),
        "positive": rng.gamma(2, 1, n),
    }.items()}


def kl(p, q):
    """Kullback-Leibler divergence of two lists of counts, as scipy.stats.entropy has it."""
    if q.sum() == 0:
        return np.inf
    p, q = p / p.sum(), q / q.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p * np.log(p / q), 0).sum()


def entropy_threshold(x, bins, levels):
    """TensorRT's calibration over a given histogram of |x|, step by step; a threshold keeps at least half of the values."""
    counts = np.histogram(np.abs(x.astype(np.float64)), bins=bins)[0].astype(np.float64)
    counts[0] = counts[1]
    divergences = {}
    for kept in range(levels, len(counts) + 1):
        if counts[kept:].sum() > counts.sum() / 2:
            continue
        p = counts[:kept].copy()
        q = np.zeros(kept)
        level = np.arange(kept) * levels // kept
        mass = np.bincount(level, weights=p, minlength=levels)
        filled = np.bincount(level, weights=p > 0, minlength=levels)
        inside = p > 0
        q[inside] = (mass / np.maximum(filled, 1))[level][inside]
        p[-1] += counts[kept:].sum()
        divergences[kept] = kl(p, q)
    best = min(divergences.values())
    return max(kept for kept, d in divergences.items() if d <= best + 1e-12) * (bins[1] - bins[0])


def bin_width(x, bins):
    """Smallest power of two at which every value has one of so many bins."""
    width = 2.0 ** -60
    while np.floor(x.max() / width) - np.floor(x.min() / width) >= bins:
        width *= 2
    return width


def range_cases():
    cases = []
    for name, x in data().items():
        width = bin_width(x.astype(np.float64), 4096)
        edges = np.arange(int(np.abs(x).max() / width) + 2) * width
        cases.append({
            "name": name,
            "x": [round(float(v), 3) for v in x],
            "percentiles": {str(p): [float(v) for v in np.percentile(x.astype(np.float64), [(100 - p) / 2, (100 + p) / 2])]
                            for p in [50, 90, 99, 99.9, 99.99, 100]},
            "entropy": {str(levels): entropy_threshold(x, edges, levels) for levels in [8, 128, 256]},
        })
    return cases


def nf4():
    """NF4 from its definition (QLoRA, section 3 and bitsandbytes' create_normal_map)."""
    offset = 0.9677083
    positive = norm.ppf(np.linspace(offset, 0.5, 9)[:-1])
    negative = -norm.ppf(np.linspace(offset, 0.5, 8)[:-1])
    values = np.sort(np.concatenate([positive, [0], negative]))
    return (values / values.max()).tolist()


vectors = {
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__},
    "quantize": quantize_cases(),
    "parameters": parameter_cases(),
    "ranges": range_cases(),
    "nf4": nf4(),
}
path = pathlib.Path(__file__).with_name("quantization-vectors.json")
path.write_text(json.dumps(vectors, separators=(",", ":")) + "\n")
