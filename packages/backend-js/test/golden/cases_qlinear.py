"""Integer matrix products and the small integer operators: MatMulInteger, QLinearMatMul, QGemm, QLinearAdd, pooling."""

import numpy as np

u8, s8, f32 = np.uint8, np.int8, np.float32
COMBINATIONS = {"u8u8": (u8, u8), "u8s8": (u8, s8), "s8s8": (s8, s8)}
# onnxruntime has it for MatMulInteger alone.
REVERSED = {"s8u8": (s8, u8)}
# Rows, reduction, columns: single elements, odd lengths, tails after multiples of 4, 8, 16 and 32.
SHAPES = [(1, 1, 1), (1, 7, 5), (5, 1, 3), (3, 17, 9), (4, 32, 16), (7, 33, 19), (1, 67, 33), (2, 4, 8)]

# Three scales whose float32 multiplier a * b / y is exactly 1/2, and is not in another order of the steps or in float64:
# there a sum that is odd, a tie here, goes to the other side.
HALVES = [(0.85, 0.89, 1.513), (0.03, 0.06, 0.0036), (0.09, 0.18, 0.0324)]
# Sums that float32 does not hold: it takes these next to a tie of sum / 2^18 for the tie itself.
WIDE = np.array([(2 * half + 1) * 2**17 + off for half in (128, 129, 140) for off in (-1, 0, 1)])


def codes(rng, dtype, shape):
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max + 1, shape).astype(dtype)


def zero_point(rng, dtype):
    return codes(rng, dtype, ())


def matmul_integer(golden, rng):
    for label, (a, b) in {**COMBINATIONS, **REVERSED}.items():
        for m, k, n in SHAPES:
            x, w = codes(rng, a, (m, k)), codes(rng, b, (k, n))
            golden.run("MatMulInteger", f"{label} {m}x{k}x{n}",
                       {"A": x, "B": w, "a_zero_point": zero_point(rng, a), "b_zero_point": zero_point(rng, b)},
                       outputs=("Y",), constants=("B", "b_zero_point"))
        x, w = codes(rng, a, (5, 13)), codes(rng, b, (13, 7))
        golden.run("MatMulInteger", f"{label} no zero points", {"A": x, "B": w}, outputs=("Y",))
        golden.run("MatMulInteger", f"{label} zero point of A only",
                   {"A": x, "B": w, "a_zero_point": zero_point(rng, a)}, outputs=("Y",), constants=("B",))
        golden.run("MatMulInteger", f"{label} zero point per column",
                   {"A": x, "B": w, "a_zero_point": zero_point(rng, a), "b_zero_point": codes(rng, b, 7)},
                   outputs=("Y",), constants=("B", "b_zero_point"))
        golden.run("MatMulInteger", f"{label} zero point per row",
                   {"A": x, "B": w, "a_zero_point": codes(rng, a, 5), "b_zero_point": zero_point(rng, b)}, outputs=("Y",))
        golden.run("MatMulInteger", f"{label} ends of the range",
                   {"A": np.full((2, 600), np.iinfo(a).min, a), "B": np.full((600, 3), np.iinfo(b).max, b),
                    "a_zero_point": a(np.iinfo(a).max), "b_zero_point": b(np.iinfo(b).min)},
                   outputs=("Y",), constants=("B", "b_zero_point"))
        golden.run("MatMulInteger", f"{label} batch of A",
                   {"A": codes(rng, a, (2, 3, 5)), "B": codes(rng, b, (5, 4)), "a_zero_point": zero_point(rng, a),
                    "b_zero_point": zero_point(rng, b)}, outputs=("Y",))
        golden.run("MatMulInteger", f"{label} batches broadcast",
                   {"A": codes(rng, a, (2, 1, 3, 5)), "B": codes(rng, b, (3, 5, 4)), "a_zero_point": zero_point(rng, a), "b_zero_point": zero_point(rng, b)}, outputs=("Y",))
    golden.run("MatMulInteger", "vectors", {"A": codes(rng, u8, 5), "B": codes(rng, u8, (5, 3))}, outputs=("Y",))


def wide_product():
    """A row and a matrix of 0 to 255 whose product is WIDE: as many 255 * 255 as fit, 255 times and 1 times the rest."""
    full = max(WIDE) // 255**2
    x = np.array([[255] * (full + 1) + [1]])
    w = np.zeros((full + 2, len(WIDE)), np.int64)
    for column, target in enumerate(WIDE):
        w[: target // 255**2, column] = 255
        w[full, column], w[full + 1, column] = divmod(target % 255**2, 255)
    assert np.array_equal(x @ w, [WIDE])
    return x, w


def qlinear_matmul(golden, rng):
    def run(label, name, a, b, scales, zeros=None, y=None):
        types = {**COMBINATIONS, **REVERSED}[label]
        y = y or types[0]
        zeros = zeros or [zero_point(rng, t) for t in (*types, y)]
        golden.run("QLinearMatMul", f"{label} {name}",
                   {"a": a, "a_scale": f32(scales[0]), "a_zero_point": zeros[0], "b": b, "b_scale": np.asarray(scales[1], f32),
                    "b_zero_point": zeros[1], "y_scale": f32(scales[2]), "y_zero_point": zeros[2]},
                   constants=("b", "b_scale", "b_zero_point"))

    for label, (a, b) in COMBINATIONS.items():
        # The output's is odd: whether it is added before or after the rounding decides ties.
        middle = [128 if t is u8 else 0 for t in (a, b)] + [131 if a is u8 else 3]
        centred = [t(zero) for t, zero in zip((a, b, a), middle)]
        for m, k, n in SHAPES:
            # Scaled so that the results fill the range and overflow it now and then.
            run(label, f"{m}x{k}x{n}", codes(rng, a, (m, k)), codes(rng, b, (k, n)), (0.02, 0.03, 0.02 * 0.03 * 90 * np.sqrt(k)))
        for m, k, n in [(4, 5, 9), (3, 3, 17), (9, 7, 5), (1, 4, 33)]:
            # Multipliers 1/2, 1/4 and 1/8 of small sums: every second, fourth, eighth result is a tie.
            x = (rng.integers(-9, 10, (m, k)) + middle[0]).astype(a)
            w = (rng.integers(-3, 4, (k, n)) + middle[1]).astype(b)
            for divisor in (2, 4, 8):
                run(label, f"ties, sums / {divisor}, {m}x{k}x{n}", x, w, (0.5, 0.25, 0.125 * divisor), centred)
        for scales in HALVES:
            run(label, "ties, {} * {} / {}".format(*scales), x, w, scales, centred)
        x, w = codes(rng, a, (5, 13)), codes(rng, b, (13, 7))
        run(label, "saturating", x, w, (1, 1, 40), centred)
        run(label, "multiplier above 1", (x // 32 + middle[0]).astype(a), (w // 32 + middle[1]).astype(b),
            (2, 0.75, 0.5), centred)
        run(label, "zero points at the ends", x, w, (0.02, 0.03, 0.4),
            [a(np.iinfo(a).max), b(np.iinfo(b).min), a(np.iinfo(a).min)])
        run(label, "scale per column", x, w, (0.02, rng.uniform(0.01, 0.1, 7), 0.2),
            [centred[0], np.full(7, centred[1]), centred[2]])
        run(label, "scale and zero point per column", x, w, (0.02, rng.uniform(0.01, 0.1, 7), 0.3),
            [centred[0], codes(rng, b, 7), centred[2]])
        x, w = wide_product()
        low = [np.iinfo(t).min for t in (a, b)]
        run(label, "sums beyond 2^24", (x + low[0]).astype(a), (w + low[1]).astype(b), (1, 1, 2.0**18),
            [a(low[0]), b(low[1]), a(low[0])])
        run(label, "batch of A", codes(rng, a, (2, 3, 5)), codes(rng, b, (5, 4)), (0.02, 0.03, 0.15))
        run(label, "batches of A and B", codes(rng, a, (2, 3, 5)), codes(rng, b, (2, 5, 4)), (0.02, 0.03, 0.15))
    run("s8u8", "int8 by uint8", codes(rng, s8, (5, 13)), codes(rng, u8, (13, 7)), (0.02, 0.03, 0.3))
    run("u8s8", "int8 output", codes(rng, u8, (5, 13)), codes(rng, s8, (13, 7)), (0.02, 0.03, 0.3), y=s8)


def qgemm(golden, rng):
    for label, (a, b) in COMBINATIONS.items():
        for name, trans_a, trans_b, bias, alpha, per_column in (
            ("plain", 0, 0, False, 1.0, False),
            ("B transposed, bias", 0, 1, True, 1.0, False),
            ("A transposed, bias", 1, 0, True, 1.0, False),
            ("both transposed, alpha 0.7", 1, 1, True, 0.7, False),
            ("scale per column, bias", 0, 0, True, 1.0, True),
            ("B transposed, scale per column, bias, alpha 1.3", 0, 1, True, 1.3, True),
            ("float output", 0, 0, True, 1.0, False),
            ("float output, alpha 0.7, scale per column", 0, 1, True, 0.7, True),
        ):
            m, k, n = 5, 13, 7
            w_scale = rng.uniform(0.01, 0.05, n).astype(f32) if per_column else f32(0.03)
            inputs = {
                "A": codes(rng, a, (k, m) if trans_a else (m, k)),
                "a_scale": f32(0.02),
                "a_zero_point": zero_point(rng, a),
                "B": codes(rng, b, (n, k) if trans_b else (k, n)),
                "b_scale": w_scale,
                "b_zero_point": codes(rng, b, n) if per_column else zero_point(rng, b),
                "C": rng.integers(-20000, 20000, n).astype(np.int32) if bias else None,
                "y_scale": None if "float" in name else f32(0.3),
                "y_zero_point": None if "float" in name else zero_point(rng, a),
            }
            golden.run("QGemm", f"{label} {name}", inputs, outputs=("Y",), domain="com.microsoft", transA=trans_a, transB=trans_b,
                       alpha=alpha, constants=("B", "b_scale", "b_zero_point", "C"))
    x, w = rng.integers(-9, 10, (6, 5)).astype(s8), rng.integers(-3, 4, (5, 9)).astype(s8)
    for name, a, scales, bias, zero in (
        ("ties, sums / 4", x, (0.5, 0.5, 1), np.arange(9), 3),
        *(("ties, {} * {} / {}".format(*scales), x, scales, np.arange(9), 3) for scales in HALVES),
        ("bias beyond 2^24", np.zeros_like(x), (1, 1, 2.0**18), WIDE, -128),
    ):
        golden.run("QGemm", f"s8s8 {name}",
                   {"A": a, "a_scale": f32(scales[0]), "a_zero_point": s8(0),
                    "B": w, "b_scale": f32(scales[1]), "b_zero_point": s8(0), "C": bias.astype(np.int32),
                    "y_scale": f32(scales[2]), "y_zero_point": s8(zero)},
                   outputs=("Y",), constants=("B", "b_scale", "b_zero_point", "C"), domain="com.microsoft")


def qlinear_add(golden, rng):
    def run(name, a, b, scales, zeros):
        golden.run("QLinearAdd", name,
                   {"A": a, "A_scale": f32(scales[0]), "A_zero_point": zeros[0], "B": b, "B_scale": f32(scales[1]),
                    "B_zero_point": zeros[1], "C_scale": f32(scales[2]), "C_zero_point": zeros[2]},
                   outputs=("C",), domain="com.microsoft")

    for dtype in (u8, s8):
        name = np.dtype(dtype).name
        zeros = [dtype(z) for z in ((127, 100, 121) if dtype is u8 else (0, -27, 5))]
        for shape_a, shape_b in (((3, 37), (3, 37)), ((5,), (5,)), ((2, 3, 4), (4,)), ((2, 3, 4), (1, 3, 1)), ((3, 1), (1, 5)),
                                 ((7,), ())):
            a, b = codes(rng, dtype, shape_a), codes(rng, dtype, shape_b)
            run(f"{name} {list(shape_a)} + {list(shape_b)}", a, b, (0.05, 0.07, 0.09), zeros)
        # All pairs of some codes, halved and quartered: exact in float32, and every second or fourth sum a tie.
        a, b = codes(rng, dtype, (40, 1)), codes(rng, dtype, (1, 40))
        run(f"{name} ties, a / 2 + b / 2", a, b, (0.5, 0.5, 1), zeros)
        run(f"{name} ties, a / 4 + b / 2", a, b, (0.25, 0.5, 1), zeros)
        run(f"{name} saturating", a, b, (1, 1, 0.5), zeros)


def global_average_pool(golden, rng):
    for dtype in (u8, s8):
        name = np.dtype(dtype).name
        zeros = (dtype(120), dtype(10))
        for channels_last, shape in ((0, (2, 3, 5, 7)), (0, (1, 5, 4, 4)), (1, (2, 5, 7, 3)), (1, (1, 4, 4, 17)),
                                     (0, (1, 3, 1, 1))):
            for scales in ((0.05, 0.03), (0.5, 0.5)):
                golden.run("QLinearGlobalAveragePool", f"{name} {list(shape)}, channels_last {channels_last}, scales {scales}",
                           {"X": codes(rng, dtype, shape), "x_scale": f32(scales[0]), "x_zero_point": zeros[0],
                            "y_scale": f32(scales[1]), "y_zero_point": zeros[1]},
                           outputs=("Y",), domain="com.microsoft", channels_last=channels_last)
        # Sums times 1/4, and sums times 1/2 in one order of the float32 steps alone: which ones are ties depends on it.
        middle = 128 if dtype is u8 else 0
        for size, scales in (((2, 2), (0.5, 0.5)), ((2, 5), (0.13, 0.026)), ((4, 5), (0.49, 0.049)), ((7, 7), (0.49, 0.02))):
            small = (rng.integers(-3, 4, (1, 40, *size)) + middle).astype(dtype)
            golden.run("QLinearGlobalAveragePool", f"{name} ties, {list(size)}, scales {scales}",
                       {"X": small, "x_scale": f32(scales[0]), "x_zero_point": dtype(middle), "y_scale": f32(scales[1]),
                        "y_zero_point": dtype(7)}, outputs=("Y",), domain="com.microsoft", channels_last=0)


def add_cases(golden, rng):
    matmul_integer(golden, rng)
    qlinear_matmul(golden, rng)
    qgemm(golden, rng)
    qlinear_add(golden, rng)
    global_average_pool(golden, rng)
