"""Runs a model of one operator on onnxruntime's CPU kernels and records what went in and what came out."""

import base64
import ctypes
import json

import ml_dtypes
import numpy as np
import onnxruntime
from onnx import helper, numpy_helper

OPSET = 21
IR_VERSIONS = {21: 10, 25: 13}
# Our name where it is not numpy's.
DTYPE_NAMES = {"float4_e2m1fn": "float4_e2m1"}
SUB_BYTE = {np.dtype(getattr(ml_dtypes, name)): bits for name, bits in
            (("int4", 4), ("uint4", 4), ("int2", 2), ("uint2", 2), ("float4_e2m1fn", 4))}

options = onnxruntime.SessionOptions()
# One operator, as written: nothing may be folded or fused.
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
options.intra_op_num_threads = 1
options.log_severity_level = 4


def is_native(array):
    """Whether numpy itself has the dtype, so that onnxruntime takes the array as an input."""
    return array.dtype.kind in "biuf" and array.dtype not in SUB_BYTE and array.dtype.type.__module__ == "numpy"


def described(array):
    """An array as JSON: dtype, shape and the bytes of ONNX raw_data (sub-byte codes packed, first element lowest)."""
    dtype = DTYPE_NAMES.get(array.dtype.name, array.dtype.name)
    data = base64.b64encode(numpy_helper.from_array(array).raw_data).decode()
    return {"dtype": dtype, "shape": list(array.shape), "data": data}


def described_output(value):
    """An onnxruntime value as JSON, read byte for byte from its memory: Python has no int4 or float8 arrays of it."""
    dtype = helper.tensor_dtype_to_np_dtype(value.element_type())
    shape = value.shape()
    count = int(np.prod(shape))
    bits = SUB_BYTE.get(dtype, dtype.itemsize * 8)
    data = bytearray(ctypes.string_at(value.data_ptr(), (count * bits + 7) // 8) if count else b"")
    if used := count * bits % 8:
        data[-1] &= (1 << used) - 1
    name = DTYPE_NAMES.get(dtype.name, dtype.name)
    return {"dtype": name, "shape": shape, "data": base64.b64encode(data).decode()}


class Golden:
    """The cases of one file."""

    def __init__(self):
        self.cases, self.departures, self.refused = [], [], []

    def run(self, op, name, inputs, outputs=("y",), constants=(), opset=OPSET, domain="", departs="", **attributes):
        """Records one case.

        `inputs` maps the operator's formal input names, in order, to arrays, or to None where an optional one is left
        out. `constants` names those that are initializers of the model; the others are its inputs. `departs` says why
        the answer is no example to follow; check_golden.py makes sure that such a case, and no other, is off.
        """
        inputs = {key: None if array is None else np.asarray(array) for key, array in inputs.items()}
        while list(inputs.values())[-1] is None:
            inputs.popitem()
        present = {key: array for key, array in inputs.items() if array is not None}
        fixed = {key for key, array in present.items() if key in constants or not is_native(array)}
        case = {
            "op": op,
            "domain": domain,
            "opset": opset if domain == "" else 1,
            "name": name,
            "attributes": attributes,
            "constants": [key for key in present if key in fixed],
            "inputs": {key: described(array) for key, array in present.items()},
        }
        node = helper.make_node(
            op, [key if array is not None else "" for key, array in inputs.items()], list(outputs), domain=domain, **attributes
        )
        graph = helper.make_graph(
            [node],
            op,
            [
                helper.make_tensor_value_info(key, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
                for key, array in present.items()
                if key not in fixed
            ],
            [helper.make_empty_tensor_value_info(key) for key in outputs],
            [numpy_helper.from_array(array, key) for key, array in present.items() if key in fixed],
        )
        model = helper.make_model(
            graph,
            ir_version=IR_VERSIONS[opset],
            opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)],
        )
        try:
            session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
            feeds = {
                key: onnxruntime.OrtValue.ortvalue_from_numpy(np.asarray(array, order="C"))
                for key, array in present.items()
                if key not in fixed
            }
            values = session.run_with_ort_values(None, feeds)
            case["outputs"] = {key: described_output(value) for key, value in zip(outputs, values)}
            if departs:
                self.departures.append({**case, "reason": departs})
            else:
                self.cases.append(case)
        except Exception as error:  # onnxruntime has a dozen classes of its own, all of them plain exceptions
            types = {key: {"dtype": value["dtype"], "shape": value["shape"]} for key, value in case["inputs"].items()}
            self.refused.append({**case, "inputs": types, "message": str(error).strip()})

    def text(self, versions):
        """The file: a line for each case."""
        lists = {"cases": self.cases, "departures": self.departures, "refused": self.refused}
        body = ",\n".join(
            f'"{key}": [\n' + "".join(json.dumps(row) + ",\n" for row in rows)[:-2] + "\n]" for key, rows in lists.items()
        )
        return "{\n" + f'"versions": {json.dumps(versions)},\n{body}\n' + "}\n"
