"""MatMulNBits: float32 activations times 2-, 4- and 8-bit weights in blocks along the reduction."""

import numpy as np

f32 = np.float32

# Why an answer is no example to follow.
QUANTIZED_INPUT = "accuracy_level 4 lets the kernel quantize A to int8 in blocks"


def packed_codes(rng, bits, rows, k, block):
    """Random codes as onnxruntime stores B: [rows, blocks, bytes of a block], the first code in the low bits.

    Codes past k, in the last block, are random too: a kernel must not use them.
    """
    return rng.integers(0, 256, (rows, -(-k // block), block * bits // 8)).astype(np.uint8)


def run(golden, rng, name, m, k, n, bits, block, zero="none", batch=(), bias=False, level=0):
    blocks = -(-k // block)
    zeros = None
    if zero == "packed":
        zeros = rng.integers(0, 256, (n, -(-blocks * bits // 8))).astype(np.uint8)
    elif zero == "float":
        zeros = rng.uniform(0, 2**bits - 1, (n, blocks)).astype(f32)
    golden.run(
        "MatMulNBits",
        f"{bits} bits, {m}x{k}x{n}, blocks of {block}, zero points {zero}{name}",
        {
            "A": rng.normal(0, 1, (*batch, m, k)).astype(f32),
            "B": packed_codes(rng, bits, n, k, block),
            "scales": rng.uniform(0.01, 0.1, (n, blocks)).astype(f32),
            "zero_points": zeros,
            "g_idx": None,
            "bias": rng.normal(0, 1, n).astype(f32) if bias else None,
        },
        outputs=("Y",),
        constants=("B", "scales", "zero_points", "bias"),
        domain="com.microsoft",
        K=k,
        N=n,
        bits=bits,
        block_size=block,
        accuracy_level=level,
        departs=QUANTIZED_INPUT if level == 4 else "",
    )


def add_cases(golden, rng):
    for bits in (4, 2, 8):
        for zero in ("none", "packed"):
            for block in (16, 32, 64, 128):
                run(golden, rng, "", 3, 2 * block, 5, bits, block, zero)
                # The last block is not full.
                run(golden, rng, "", 2, block + 9, 3, bits, block, zero)
            run(golden, rng, "", 1, 64, 17, bits, 32, zero)
            run(golden, rng, "", 1, 1, 3, bits, 16, zero)
            run(golden, rng, "", 9, 7, 1, bits, 16, zero)
            run(golden, rng, ", batch of 2", 3, 48, 4, bits, 16, zero, batch=(2,))
            # An odd number of blocks: zero points of a row do not fill their bytes.
            run(golden, rng, ", odd number of blocks", 2, 80, 6, bits, 16, zero)
        run(golden, rng, "", 3, 64, 5, bits, 32, "float")
        run(golden, rng, ", bias", 3, 64, 5, bits, 32, "none", bias=True)
        run(golden, rng, ", accuracy_level 4", 3, 64, 5, bits, 32, "packed", level=4)
    for bits in (1, 3, 5, 6):
        run(golden, rng, "", 2, 32, 3, bits, 16)
