/** convolution: the products of training, of images with their channels first. */
import { convolutionShapes, type KernelSpec } from "@bitbudget/backend";
import { compileCorrelation, inputCorrelation, outputCorrelation } from "../convolution/correlation.ts";
import { compileFilterGradient, filterPlanes } from "../convolution/filter.ts";
import { wasmKernel } from "../kernel.ts";

export const convolution = wasmKernel<"convolution">({
  rows: [{ activation: "float32", output: "float32", arithmetic: "native" }],
  refuse: (spec) => (planOf(spec) === undefined ? "too many channels under one window" : undefined),
  compile(context, spec, _weights, owned) {
    const plan = planOf(spec)!;
    return plan.wants === "filter"
      ? compileFilterGradient(context, owned, plan.planes, convolutionShapes(spec), spec.attributes)
      : compileCorrelation(context, owned, plan.correlation);
  },
});

/** Undefined where a block of positions with all of its channels does not fit into the memory of a thread. */
function planOf(spec: KernelSpec<"convolution">) {
  const { attributes } = spec;
  const shapes = convolutionShapes(spec);
  if (attributes.wants === "filter") {
    const planes = filterPlanes(shapes, attributes);
    return planes && { wants: attributes.wants, planes };
  }
  const { wants } = attributes;
  const correlation = (wants === "output" ? outputCorrelation : inputCorrelation)(shapes, attributes);
  return correlation && { wants, correlation };
}
