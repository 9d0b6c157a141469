"""Writes resize.json: what ONNX's reference implementation of Resize says, in float64.

    python3 -m pip install onnx==1.23.1 numpy==2.4.6
    python3 make_resize.py

A list of { attributes, shape, x, y }: attributes of the contract's resize, the input's shape and numbers, the result.
The tests read the JSON and never need Python.
"""

import itertools
import json
import pathlib

import numpy as np
from onnx.reference.ops.op_resize import Resize

SHAPE = (5, 7)
COORDINATES = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize")
NEAREST = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
# Sizes, or scales whose sizes are rounded down. With these half_pixel_symmetric meets no integer: the reference is off
# where float64 misses one by a little.
TARGETS = (
    {"sizes": (8, 11)},
    {"sizes": (3, 4)},
    {"sizes": (2, 16)},
    {"scales": (2.0, 0.7)},
    {"scales": (0.5, 1.45)},
    {"scales": (0.85, 0.3)},
)
ROI = (0.25, -0.1, 0.75, 1.2)
# Small integers and halves: sums are exact, and JSON short.
x = np.random.default_rng(3).integers(-20, 21, SHAPE) / 2


def run(mode, coordinates, target, nearest="round_prefer_floor", cubic=-0.75, exclude=False, antialias=False, extrapolation=0.0):
    cropped = coordinates == "tf_crop_and_resize"
    sizes = target.get("sizes")
    scales = target.get("scales")
    y = Resize._run(
        None, x, np.array(ROI) if cropped else None, None if scales is None else np.array(scales), sizes,
        antialias=int(antialias), coordinate_transformation_mode=coordinates, cubic_coeff_a=cubic, exclude_outside=int(exclude),
        extrapolation_value=extrapolation, keep_aspect_ratio_policy="stretch", mode=mode, nearest_mode=nearest,
    )[0]
    attributes = {"sizes": y.shape, "mode": mode, "coordinates": coordinates}
    if scales is not None:
        attributes["scales"] = scales
    if cropped:
        attributes |= {"roi": ROI, "extrapolation": extrapolation}
    if mode == "nearest":
        attributes["nearest"] = nearest
    if mode == "cubic":
        attributes["cubicA"] = cubic
    if exclude:
        attributes["excludeOutside"] = True
    if antialias:
        attributes["antialias"] = True
    return {"attributes": attributes, "y": [float(f"{value:.11g}") for value in y.ravel()]}


rows = []
for target, coordinates in itertools.product(TARGETS, COORDINATES):
    # With tf_crop_and_resize the contract has no use for scales.
    if "scales" in target and coordinates == "tf_crop_and_resize":
        continue
    rows += [run("nearest", coordinates, target, nearest) for nearest in NEAREST]
    for mode, exclude, antialias in itertools.product(("linear", "cubic"), (False, True), (False, True)):
        rows.append(run(mode, coordinates, target, exclude=exclude, antialias=antialias, extrapolation=9.5))
    rows.append(run("cubic", coordinates, target, cubic=-0.5))

body = ",\n".join(json.dumps(row) for row in rows)
text = f'{{ "shape": {json.dumps(SHAPE)}, "x": {json.dumps(x.ravel().tolist())}, "rows": [\n{body}\n] }}\n'
pathlib.Path(__file__).with_name("resize.json").write_text(text)
