"""Writes functions.json: the functions of the unary op rounded to doubles once.

    python3 -m pip install mpmath numpy
    python3 make_functions.py

A list of { function, x, y }: a function of the contract as a value, numbers that float32 holds exactly, its results.
Formulas are those of the ONNX operators. The tests read the JSON and never need Python.
"""

import json
import pathlib

import mpmath as mp
import numpy as np

# 1000 digits: sums such as 1 + exp(-1000) must not lose what the result is made of.
mp.mp.dps = 1000

rng = np.random.default_rng(7)
ANY = [*rng.uniform(-8, 8, 40), *rng.uniform(-0.7, 0.7, 15), 1e-20, -1e-20, 3e-5, -3e-5, 0.46875, -4, 4, 5.5, -5.5, 12, -12, 30, -30]
WIDE = [*ANY, 80, -80, -95, 1000, -1000]
POSITIVE = [*np.abs(ANY), 1e-38, 3e38, 7e8]
UNIT = [*rng.uniform(-1, 1, 40), 1e-20, -1e-20, 0.999, -0.999, 0.99999994]
FROM_ONE = [1, 1.0000001, 1.5, *rng.uniform(1, 100, 30), 1e30]


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log(1 + mp.exp(x))


def clamp(x):
    return max(mp.mpf(0), min(mp.mpf(1), x))


def gelu_tanh(x):
    return x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf(0.044715) * x**3)))


PLAIN = {
    "sqrt": (mp.sqrt, POSITIVE),
    "reciprocal": (lambda x: 1 / x, ANY),
    "exp": (mp.exp, WIDE[:-2]),
    "log": (mp.log, POSITIVE),
    "sin": (mp.sin, WIDE),
    "cos": (mp.cos, WIDE),
    "tan": (mp.tan, WIDE),
    "asin": (mp.asin, UNIT),
    "acos": (mp.acos, UNIT),
    "atan": (mp.atan, WIDE),
    "sinh": (mp.sinh, WIDE[:-2]),
    "cosh": (mp.cosh, WIDE[:-2]),
    "tanh": (mp.tanh, WIDE),
    "asinh": (mp.asinh, WIDE),
    "acosh": (mp.acosh, FROM_ONE),
    "atanh": (mp.atanh, UNIT),
    "erf": (mp.erf, WIDE),
    "sigmoid": (sigmoid, WIDE),
    "softplus": (softplus, WIDE),
    "softsign": (lambda x: x / (1 + abs(x)), WIDE),
    "mish": (lambda x: x * mp.tanh(softplus(x)), WIDE),
    "hardSwish": (lambda x: x * clamp(x / 6 + mp.mpf(1) / 2), WIDE),
}
# Parameters are doubles, and their exact values count.
WITH_PARAMETERS = [
    ({"fn": "gelu", "approximate": "none"}, lambda x: x * mp.ncdf(x), ANY),
    ({"fn": "gelu", "approximate": "tanh"}, gelu_tanh, ANY),
    ({"fn": "leakyRelu", "alpha": 0.01}, lambda x: x if x >= 0 else mp.mpf(0.01) * x, WIDE),
    ({"fn": "elu", "alpha": 1.5}, lambda x: x if x >= 0 else mp.mpf(1.5) * (mp.exp(x) - 1), WIDE),
    ({"fn": "celu", "alpha": 2.5}, lambda x: max(mp.mpf(0), x) + min(mp.mpf(0), mp.mpf(2.5) * (mp.exp(x / mp.mpf(2.5)) - 1)), WIDE),
    ({"fn": "selu", "alpha": 1.6732631921768188, "gamma": 1.0507010221481323},
     lambda x: mp.mpf(1.0507010221481323) * (x if x > 0 else mp.mpf(1.6732631921768188) * (mp.exp(x) - 1)), WIDE),
    ({"fn": "hardSigmoid", "alpha": 0.2, "beta": 0.5}, lambda x: clamp(mp.mpf(0.2) * x + mp.mpf(0.5)), WIDE),
    ({"fn": "swish", "alpha": 1}, lambda x: x * sigmoid(x), WIDE),
    ({"fn": "swish", "alpha": 1.702}, lambda x: x * sigmoid(mp.mpf(1.702) * x), WIDE),
]


def row(function, f, points):
    x = np.unique(np.float32(points)).astype(np.float64)
    y = [float(f(mp.mpf(value))) for value in x]
    return {"function": function, "x": x.tolist(), "y": y}


rows = [row({"fn": fn}, f, points) for fn, (f, points) in PLAIN.items()]
rows += [row(function, f, points) for function, f, points in WITH_PARAMETERS]
text = "[\n" + ",\n".join(json.dumps(one) for one in rows) + "\n]\n"
pathlib.Path(__file__).with_name("functions.json").write_text(text)
