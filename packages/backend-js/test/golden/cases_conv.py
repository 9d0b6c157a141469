"""Integer convolutions: ConvInteger and QLinearConv over every attribute, with a padding that is not the code 0."""

import numpy as np

from cases_qlinear import (
    COMBINATIONS,
    HALVES,
    REVERSED,
    WIDE,
    codes,
    f32,
    s8,
    u8,
    zero_point,
)

# name: shape of x, shape of w, attributes.
LAYOUTS = {
    "1x1, odd channels": ((2, 3, 5, 4), (5, 3, 1, 1), {}),
    "1x1, stride 2": ((1, 7, 5, 6), (4, 7, 1, 1), {"strides": [2, 2]}),
    "1x1, 33 channels": ((1, 33, 4, 5), (17, 33, 1, 1), {}),
    "3x3, no padding": ((1, 3, 6, 7), (5, 3, 3, 3), {}),
    "3x3, padding 1": ((2, 3, 5, 6), (7, 3, 3, 3), {"pads": [1, 1, 1, 1]}),
    "3x3, padding 1, stride 2": ((1, 4, 7, 8), (6, 4, 3, 3), {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
    "3x3, uneven padding": ((1, 2, 5, 4), (3, 2, 3, 3), {"pads": [0, 2, 1, 0], "strides": [2, 1]}),
    "3x3, dilation 2": ((1, 3, 8, 9), (4, 3, 3, 3), {"pads": [2, 2, 2, 2], "dilations": [2, 2]}),
    "2x3, stride, dilation, uneven padding":
        ((1, 3, 9, 8), (5, 3, 2, 3), {"pads": [1, 0, 2, 3], "strides": [2, 3], "dilations": [3, 1]}),
    "5x5, padding wider than the image": ((1, 2, 2, 3), (3, 2, 5, 5), {"pads": [4, 4, 4, 4]}),
    "2 groups": ((1, 4, 5, 5), (6, 2, 3, 3), {"group": 2, "pads": [1, 1, 1, 1]}),
    "3 groups, odd channels": ((2, 9, 4, 5), (15, 3, 2, 2), {"group": 3}),
    "depthwise": ((1, 8, 6, 6), (8, 1, 3, 3), {"group": 8, "pads": [1, 1, 1, 1]}),
    "depthwise, 19 channels, stride 2": ((1, 19, 7, 6), (19, 1, 3, 3), {"group": 19, "pads": [1, 0, 1, 1], "strides": [2, 2]}),
    "depthwise 5x5, dilation 2": ((1, 5, 9, 9), (5, 1, 5, 5), {"group": 5, "pads": [4, 4, 4, 4], "dilations": [2, 2]}),
    "depthwise, 2 outputs each": ((1, 3, 5, 5), (6, 1, 3, 3), {"group": 3, "pads": [1, 1, 1, 1]}),
    "one dimension": ((2, 3, 11), (4, 3, 3), {"pads": [2, 0], "strides": [2]}),
    "three dimensions": ((1, 2, 4, 3, 5), (3, 2, 2, 2, 3), {"pads": [1, 0, 1, 0, 1, 1]}),
}


def explicit(w_shape, attributes):
    """Every attribute spelled out."""
    rank = len(w_shape) - 2
    ones = [1] * rank
    defaults = {"kernel_shape": list(w_shape[2:]), "strides": ones, "dilations": ones, "pads": [0] * 2 * rank, "group": 1}
    return {**defaults, **attributes}


def conv_integer(golden, rng):
    for label, (a, b) in {"u8u8": (u8, u8), "u8s8": (u8, s8), "s8s8": (s8, s8)}.items():
        for name, (x_shape, w_shape, attributes) in LAYOUTS.items():
            if label != "u8s8" and name not in ("3x3, padding 1", "2 groups", "depthwise", "1x1, odd channels"):
                continue
            golden.run("ConvInteger", f"{label} {name}",
                       {"x": codes(rng, a, x_shape), "w": codes(rng, b, w_shape), "x_zero_point": zero_point(rng, a),
                        "w_zero_point": zero_point(rng, b)},
                       constants=("w", "w_zero_point"), **explicit(w_shape, attributes))
    x, w = codes(rng, u8, (1, 3, 4, 4)), codes(rng, u8, (2, 3, 2, 2))
    golden.run("ConvInteger", "u8u8 no zero points", {"x": x, "w": w}, **explicit(w.shape, {"pads": [1, 1, 1, 1]}))
    golden.run("ConvInteger", "u8u8 zero point per channel",
               {"x": x, "w": w, "x_zero_point": u8(7), "w_zero_point": codes(rng, u8, 2)}, **explicit(w.shape, {}))


def qlinear_conv(golden, rng):
    def run(label, name, x, w, scales, zeros, bias=None, attributes={}):
        golden.run("QLinearConv", f"{label} {name}",
                   {"x": x, "x_scale": f32(scales[0]), "x_zero_point": zeros[0], "w": w, "w_scale": np.asarray(scales[1], f32),
                    "w_zero_point": zeros[1], "y_scale": f32(scales[2]), "y_zero_point": zeros[2], "B": bias},
                   constants=("w", "w_scale", "w_zero_point", "B"), **explicit(w.shape, attributes))

    for label, (a, b) in COMBINATIONS.items():
        for name, (x_shape, w_shape, attributes) in LAYOUTS.items():
            outputs, terms = w_shape[0], int(np.prod(w_shape[1:]))
            w_scale = rng.uniform(0.01, 0.05, outputs).astype(f32)
            scales = (0.02, w_scale, 0.02 * 0.03 * 90 * np.sqrt(terms))
            # onnxruntime wants one zero point for all channels.
            w_zero = np.full(outputs, 0 if b is s8 else rng.integers(100, 156)).astype(b)
            bias = rng.integers(-3000, 3000, outputs).astype(np.int32)
            run(label, f"{name}, scale per channel, bias", codes(rng, a, x_shape), codes(rng, b, w_shape), scales,
                (zero_point(rng, a), w_zero, zero_point(rng, a)), bias, attributes)
        middle = [128 if t is u8 else 0 for t in (a, b)]
        x_shape, w_shape = (1, 3, 5, 6), (7, 3, 3, 3)
        x = (rng.integers(-9, 10, x_shape) + middle[0]).astype(a)
        w = (rng.integers(-3, 4, w_shape) + middle[1]).astype(b)
        pads = {"pads": [1, 1, 1, 1]}
        zeros = (a(middle[0]), b(middle[1]), a(middle[0] + 3))
        for divisor in (2, 4, 8):
            run(label, f"ties, sums / {divisor}", x, w, (0.5, 0.25, 0.125 * divisor), zeros, None, pads)
        for scales in HALVES:
            run(label, "ties, {} * {} / {}".format(*scales), x, w, scales, zeros, None, pads)
        flat = np.full((1, 2, 1, 2), zeros[0], a)
        run(label, "bias beyond 2^24", flat, codes(rng, b, (len(WIDE), 2, 1, 1)), (1, 1, 2.0**18),
            (zeros[0], zeros[1], a(np.iinfo(a).min)), WIDE.astype(np.int32))
        run(label, "one scale, no bias", codes(rng, a, x_shape), codes(rng, b, w_shape), (0.02, 0.03, 0.25), zeros, None, pads)
        run(label, "saturating", codes(rng, a, x_shape), codes(rng, b, w_shape), (0.02, 0.03, 0.03), zeros, None, pads)
        run(label, "zero point of w not in the middle", codes(rng, a, x_shape), codes(rng, b, w_shape), (0.02, 0.03, 0.3),
            (zero_point(rng, a), b(middle[1] + 9), zero_point(rng, a)), None, pads)
        run(label, "zero point per channel", x, w, (0.02, np.full(7, 0.03), 0.05),
            (zeros[0], codes(rng, b, 7), zeros[2]), None, pads)
        run(label, "bias near the ends of int32", x, w, (0.02, 0.03, 2.0**20), zeros,
            np.array([2**31 - 5000, -(2**31) + 5000, 0, 2**24 + 1, -(2**24) - 1, 5, -5], np.int32), pads)
    a, b = REVERSED["s8u8"]
    run("s8u8", "int8 by uint8", codes(rng, a, (1, 3, 4, 4)), codes(rng, b, (2, 3, 2, 2)), (0.02, 0.03, 0.3), (a(1), b(2), a(3)))


def add_cases(golden, rng):
    conv_integer(golden, rng)
    qlinear_conv(golden, rng)
