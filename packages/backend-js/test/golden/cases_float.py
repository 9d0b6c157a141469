"""Float operators, to be met within a tolerance: convolution, normalization, pooling, resizing, reductions, elementwise."""

import numpy as np

from cases_conv import LAYOUTS, explicit

f32 = np.float32

# Why an answer is no example to follow.
NAN_IN_A_WINDOW = "of the four windows that hold the NaN one shows it: it depends on the place in the window"
LENGTH_IN_FLOAT32 = "5 * 2.6 is 13 in float32; the float32 next to 2.6 is less, and ONNX's floor gives 12"


def conv(golden, rng):
    def run(name, x_shape, w_shape, attributes, bias=True):
        inputs = {"X": rng.normal(0, 1, x_shape).astype(f32), "W": rng.normal(0, 1, w_shape).astype(f32)}
        if bias:
            inputs["B"] = rng.normal(0, 1, w_shape[0]).astype(f32)
        golden.run("Conv", name, inputs, outputs=("Y",), constants=("W", "B"), **attributes)

    for name, (x_shape, w_shape, attributes) in LAYOUTS.items():
        run(name, x_shape, w_shape, explicit(w_shape, attributes), bias="stride 2" not in name)
    for auto_pad in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        run(f"auto_pad {auto_pad}", (1, 2, 5, 6), (3, 2, 2, 3), {"auto_pad": auto_pad, "strides": [2, 1]})
    run("attributes left out", (1, 2, 5, 6), (3, 2, 2, 3), {})


def gemm(golden, rng):
    for trans_a, trans_b, c_shape, alpha, beta in (
        (0, 0, (7,), 1.0, 1.0),
        (0, 1, (5, 7), 0.5, 2.0),
        (1, 0, (5, 1), 1.0, 0.25),
        (1, 1, (1, 7), 1.5, 1.0),
        (0, 1, (), 1.0, 0.5),
        (0, 1, None, 1.0, 1.0),
    ):
        m, k, n = 5, 11, 7
        golden.run("Gemm", f"transA {trans_a}, transB {trans_b}, C {c_shape}, alpha {alpha}, beta {beta}",
                   {"A": rng.normal(0, 1, (k, m) if trans_a else (m, k)).astype(f32),
                    "B": rng.normal(0, 1, (n, k) if trans_b else (k, n)).astype(f32),
                    "C": None if c_shape is None else rng.normal(0, 1, c_shape).astype(f32)},
                   outputs=("Y",), constants=("B", "C"), transA=trans_a, transB=trans_b, alpha=alpha, beta=beta)


def normalize(golden, rng):
    x = rng.normal(0, 2, (2, 3, 5)).astype(f32)
    for axis in (-1, 0, 1):
        golden.run("Softmax", f"axis {axis}", {"input": x}, outputs=("output",), axis=axis)
    golden.run("Softmax", "large values", {"input": f32([[1e4, 1e4 - 1, -1e4], [-1e38, 0, 1e38]])}, outputs=("output",), axis=-1)
    golden.run("Softmax", "infinities", {"input": f32([[-np.inf, 0, 1], [np.inf, 0, 1], [-np.inf, -np.inf, -np.inf]])},
               outputs=("output",), axis=-1)
    for axis, epsilon, bias in ((-1, 1e-5, True), (1, 1e-3, True), (-1, 1e-5, False), (0, 1e-5, True)):
        shape = x.shape[axis:]
        golden.run("LayerNormalization", f"axis {axis}, epsilon {epsilon}{'' if bias else ', no bias'}",
                   {"X": x + f32(3), "Scale": rng.normal(1, 0.3, shape).astype(f32),
                    "B": rng.normal(0, 1, shape).astype(f32) if bias else None},
                   outputs=("Y",), constants=("Scale", "B"), axis=axis, epsilon=epsilon)
    golden.run("LayerNormalization", "a constant row",
               {"X": np.full((2, 7), 3, f32), "Scale": np.ones(7, f32), "B": np.zeros(7, f32)},
               outputs=("Y",), constants=("Scale", "B"), axis=-1)
    for shape in ((2, 3, 4, 5), (4, 3), (2, 3, 7)):
        parts = {key: rng.normal(mean, 0.3, 3).astype(f32) for key, mean in (("scale", 1), ("B", 0), ("input_mean", 0.5))}
        golden.run("BatchNormalization", f"{list(shape)}",
                   {"X": rng.normal(0, 1, shape).astype(f32), **parts, "input_var": rng.uniform(0.1, 2, 3).astype(f32)},
                   outputs=("Y",), constants=("scale", "B", "input_mean", "input_var"), epsilon=1e-3)


POOLS = {
    "2x2": ((1, 2, 6, 6), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    "3x3, stride 2, padding 1": ((2, 3, 7, 6), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "3x2, uneven padding": ((1, 2, 5, 4), {"kernel_shape": [3, 2], "strides": [1, 2], "pads": [0, 1, 2, 0]}),
    "3x3, stride 2, ceil_mode": ((1, 2, 6, 8), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
    "3x3, stride 2, padding 1, ceil_mode":
        ((1, 2, 6, 8), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1}),
    # The last window would begin in the padding: it is left out.
    "2x2, stride 3, padding 1, ceil_mode":
        ((1, 1, 5, 6), {"kernel_shape": [2, 2], "strides": [3, 3], "pads": [1, 1, 1, 1], "ceil_mode": 1}),
    "dilation 2": ((1, 2, 7, 8), {"kernel_shape": [3, 2], "dilations": [2, 3], "strides": [1, 1]}),
    "SAME_UPPER": ((1, 2, 5, 6), {"kernel_shape": [2, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    "one dimension": ((2, 3, 11), {"kernel_shape": [3], "strides": [2], "pads": [1, 1]}),
}


def pool(golden, rng):
    for name, (shape, attributes) in POOLS.items():
        x = rng.normal(0, 1, shape).astype(f32)
        golden.run("MaxPool", name, {"X": x}, outputs=("Y",), **attributes)
        for count in (0, 1):
            golden.run("AveragePool", f"{name}, count_include_pad {count}", {"X": x}, outputs=("Y",),
                       count_include_pad=count, **attributes)
    for dtype in (np.uint8, np.int8):
        info = np.iinfo(dtype)
        x = rng.integers(info.min, info.max + 1, (1, 3, 6, 7)).astype(dtype)
        golden.run("MaxPool", np.dtype(dtype).name, {"X": x}, outputs=("Y",),
                   kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    x = -np.ones((1, 1, 3, 3), f32)
    x[0, 0, 1, 1] = np.nan
    golden.run("MaxPool", "nan", {"X": x}, outputs=("Y",), departs=NAN_IN_A_WINDOW, kernel_shape=[2, 2], pads=[1, 1, 1, 1])
    golden.run("GlobalAveragePool", "[2, 3, 4, 5]", {"X": rng.normal(0, 1, (2, 3, 4, 5)).astype(f32)}, outputs=("Y",))


def resize(golden, rng):
    x = rng.normal(0, 1, (1, 2, 4, 5)).astype(f32)
    targets = {
        "up 2": {"scales": f32([1, 1, 2, 2])},
        "up 1.7 and 2.3": {"scales": f32([1, 1, 1.7, 2.3])},
        "down 0.55": {"scales": f32([1, 1, 0.55, 0.55])},
        "to 3x8": {"sizes": np.int64([1, 2, 3, 8])},
    }

    def run(name, target, **attributes):
        golden.run("Resize", name, {"X": x, "roi": None, "scales": target.get("scales"), "sizes": target.get("sizes")},
                   outputs=("Y",), constants=("scales", "sizes"), **attributes)

    coordinates = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric")
    for label, target in targets.items():
        for coordinate in coordinates:
            common = {"coordinate_transformation_mode": coordinate}
            for nearest in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
                run(f"nearest {nearest}, {coordinate}, {label}", target, mode="nearest", nearest_mode=nearest, **common)
            for mode in ("linear", "cubic"):
                run(f"{mode}, {coordinate}, {label}", target, mode=mode, **common)
    down = targets["down 0.55"]
    run("cubic, cubic_coeff_a -0.5", targets["up 1.7 and 2.3"], mode="cubic", cubic_coeff_a=-0.5)
    run("cubic, exclude_outside", targets["up 1.7 and 2.3"], mode="cubic", exclude_outside=1)
    run("linear, antialias", down, mode="linear", antialias=1)
    run("cubic, antialias", down, mode="cubic", antialias=1)
    run("linear, pytorch_half_pixel, to one pixel", {"sizes": np.int64([1, 2, 1, 1])}, mode="linear",
        coordinate_transformation_mode="pytorch_half_pixel")
    run("linear, align_corners, to one pixel", {"sizes": np.int64([1, 2, 1, 1])}, mode="linear",
        coordinate_transformation_mode="align_corners")
    run("linear, 5 times 2.6", {"scales": f32([1, 1, 1, 2.6])}, departs=LENGTH_IN_FLOAT32, mode="linear")


def reduce(golden, rng):
    x = rng.normal(0, 3, (2, 3, 4, 5)).astype(f32)
    for op in ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceLogSumExp"):
        for axes, keep in (([1], 1), ([-1], 0), ([0, 2], 1), ([1, 3], 0), ([0, 1, 2, 3], 0), (None, 1)):
            golden.run(op, f"axes {axes}, keepdims {keep}", {"data": x, "axes": None if axes is None else np.int64(axes)},
                       outputs=("reduced",), constants=("axes",), keepdims=keep)
        golden.run(op, "no axes, noop_with_empty_axes", {"data": x[0, 0]}, outputs=("reduced",), noop_with_empty_axes=1)
    golden.run("ReduceLogSumExp", "large values", {"data": f32([[1000, 999, -1000]]), "axes": np.int64([1])},
               outputs=("reduced",), constants=("axes",))
    for op in ("ReduceSum", "ReduceMax", "ReduceMin", "ReduceMean"):
        data = rng.integers(-1000, 1000, (3, 5)).astype(np.int32)
        golden.run(op, "int32", {"data": data, "axes": np.int64([1])}, outputs=("reduced",), constants=("axes",))


def unary(golden, rng):
    x = np.concatenate([np.linspace(-6, 6, 49), [0.0, -0.0, 1e-30, -1e-30, 30, -30, np.inf, -np.inf, np.nan]]).astype(f32)
    for approximate in ("none", "tanh"):
        golden.run("Gelu", f"approximate {approximate}", {"X": x[np.isfinite(x)]}, outputs=("Y",), approximate=approximate)
    golden.run("Erf", "all", {"input": x}, outputs=("output",))
    golden.run("HardSwish", "all", {"X": x[:-3]}, outputs=("Y",))
    ties = np.arange(-5, 5.5, 0.5)
    near = f32([0.49999997, -0.49999997, 1.4999999, 2**23 + 1, 2**22 + 0.5, 2**22 + 1.5, 1e30,
                0.0, -0.0, np.inf, -np.inf, np.nan])
    golden.run("Round", "every tie", {"X": np.concatenate([ties, near]).astype(f32)}, outputs=("Y",))


def binary(golden, rng):
    for dtype in (np.int8, np.uint8, np.int32, np.int64):
        a = rng.integers(-100, 100, 40).astype(dtype)
        b = rng.integers(1, 12, 40)
        b = (b * rng.choice([-1, 1], 40) if np.dtype(dtype).kind == "i" else b).astype(dtype)
        for fmod in (0, 1):
            golden.run("Mod", f"{np.dtype(dtype).name}, fmod {fmod}", {"A": a, "B": b}, outputs=("C",), fmod=fmod)
    a, b = f32([5.3, -5.3, 5.3, -5.3, 6, -6, 0.0, -0.0, 1e10, np.inf, 1]), f32([2, 2, -2, -2, 3, 3, 2, 2, 3, 2, np.inf])
    golden.run("Mod", "float32, fmod 1", {"A": a, "B": b}, outputs=("C",), fmod=1)
    golden.run("Mod", "float32, fmod 0", {"A": a, "B": b}, outputs=("C",), fmod=0)
    base = f32([[0.0, -0.0, 1, -1, 2, -2, 0.5, -8, np.inf, np.nan, 1e20]])
    exponent = f32([[0.0], [1], [2], [3], [-1], [0.5], [1 / 3], [-2.5], [np.inf]])
    golden.run("Pow", "float32 by float32", {"X": base, "Y": exponent}, outputs=("Z",))
    golden.run("Pow", "float32 by int32", {"X": base, "Y": np.int32([[0], [1], [2], [-3]])}, outputs=("Z",))
    golden.run("Pow", "int32 by int32", {"X": np.int32([[0, 1, 2, -3, 7]]), "Y": np.int32([[0], [1], [2], [5]])}, outputs=("Z",))


def move(golden, rng):
    x = rng.normal(0, 1, (2, 3, 4)).astype(f32)
    for mode in ("constant", "reflect", "edge", "wrap"):
        for pads in ([0, 1, 2, 1, 0, 3], [1, 2, 0, 0, 1, 3], [0, -1, 2, 0, 0, -1]):
            if mode == "reflect":
                pads = [min(p, size - 1) for p, size in zip(pads, (2, 3, 4) * 2)]
            value = f32(1.5) if mode == "constant" else None
            golden.run("Pad", f"{mode}, {pads}", {"data": x, "pads": np.int64(pads), "constant_value": value},
                       outputs=("output",), constants=("pads", "constant_value"), mode=mode)
        golden.run("Pad", f"{mode}, axes [-1, 0]",
                   {"data": x, "pads": np.int64([1, 0, 2, 1]), "constant_value": None, "axes": np.int64([-1, 0])},
                   outputs=("output",), constants=("pads", "axes"), mode=mode)
    golden.run("Pad", "constant, uint8",
               {"data": np.arange(6, dtype=np.uint8).reshape(2, 3), "pads": np.int64([1, 0, 0, 2]),
                "constant_value": np.uint8(128)},
               outputs=("output",), constants=("pads", "constant_value"), mode="constant")
    for axis, indices in ((0, [1, 0, -1]), (1, [[2, -1], [-3, 0]]), (-1, [3, -4, 0]), (2, -2), (1, np.zeros((0,)))):
        indices = np.asarray(indices, np.int64)
        golden.run("Gather", f"axis {axis}, indices {indices.tolist()}", {"data": x, "indices": indices},
                   outputs=("output",), axis=axis)
    golden.run("Gather", "int8 data, int32 indices",
               {"data": rng.integers(-128, 128, (5, 3)).astype(np.int8), "indices": np.int32([4, -5, 2])},
               outputs=("output",), axis=0)
    golden.run("Gather", "index out of range", {"data": x, "indices": np.int64([3])}, outputs=("output",), axis=1)


def add_cases(golden, rng):
    for family in (conv, gemm, normalize, pool, resize, reduce, unary, binary, move):
        family(golden, rng)
