"""Writes golden-*.json: what onnxruntime's CPU kernels answer to models of one operator.

    python3 -m pip install onnxruntime onnx ml_dtypes numpy
    python3 make_golden.py

README.md beside this file describes the result. The tests read the JSON and never need Python.
"""

import pathlib

import ml_dtypes
import numpy
import onnx
import onnxruntime

import cases_conv
import cases_float
import cases_nbits
import cases_qlinear
import cases_quantize
from one_op import Golden

FILES = {"quantize": cases_quantize, "qlinear": cases_qlinear, "conv": cases_conv, "nbits": cases_nbits, "float": cases_float}


def main():
    libraries = (onnxruntime, onnx, ml_dtypes, numpy)
    versions = {library.__name__: library.__version__ for library in libraries}
    for seed, (name, cases) in enumerate(FILES.items()):
        golden = Golden()
        cases.add_cases(golden, numpy.random.default_rng(seed + 1))
        path = pathlib.Path(__file__).with_name(f"golden-{name}.json")
        path.write_text(golden.text(versions))
        print(f"{path.name}: {len(golden.cases)} cases, {len(golden.refused)} refused, {path.stat().st_size} bytes")
        for case in golden.refused:
            print(f"  refused: {case['op']} {case['name']}: {case['message'].splitlines()[0][:150]}")


main()
