/** pool2d: windows over images with their channels last. Other images are turned first, or reduced where a window is all. */
import {
  type ImageLayout,
  imageLayout,
  type KernelSpec,
  type Pool2dAttributes,
  windowOutput,
} from "@bitbudget/backend";
import type { Context } from "../context.ts";
import { withHalves } from "../half.ts";
import { type Run, wasmKernel } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { windowsAlong } from "../pool-windows.ts";

const formats = ["float32", "uint8", "int8"] as const;

export const pool2d = wasmKernel(
  withHalves<"pool2d">({
    rows: formats.map((dtype) => ({ activation: dtype, output: dtype, arithmetic: "native" })),
    compile(context, spec, _weights, owned) {
      const { layout, kind } = spec.attributes;
      const { image, height, width } = windowOutput(spec, spec.inputs[0]!, spec.attributes.ceil);
      const { dtype } = spec.inputs[0]!;
      if (layout === "nhwc") return channelsLast(context, spec, owned);
      if (dtype === "float32" && isWhole(spec.attributes, image)) {
        const [count, length] = [image.batch * image.channels, image.height * image.width];
        // The numbers of folds and finishes in kernels/reduce.ts: a sum and a mean, or a maximum.
        const [fold, finish] = kind === "max" ? [4, 0] : [0, 1];
        return ([x], [y]) =>
          context.run("reduceRows", count, count * length, x!, y!, length, fold, finish, length);
      }
      return turned(context, spec, { height, width }, owned);
    },
  }),
);

/** Whether the one window is the image, without padding. */
function isWhole({ kernel, dilations, pads }: Pool2dAttributes, { height, width }: ImageLayout): boolean {
  const dense = dilations.every((dilation, i) => dilation === 1 || kernel[i] === 1);
  return dense && kernel[0] === height && kernel[1] === width && pads.every((pad) => pad === 0);
}

function channelsLast(context: Context, spec: KernelSpec<"pool2d">, owned: Owned): Run {
  const { dtype } = spec.inputs[0]!;
  const { kind, kernel, dilations, ceil } = spec.attributes;
  const { image, height, width } = windowOutput(spec, spec.inputs[0]!, ceil);
  const pixel = image.channels * (dtype === "float32" ? 4 : 1);
  const line = image.width * pixel;
  const rows = owned.store(windowsAlong(0, spec.attributes, image.height, height, line));
  const columns = owned.store(windowsAlong(1, spec.attributes, image.width, width, pixel));
  const pool = owned.store(
    Int32Array.of(
      ...[
        height,
        width,
        pixel,
        image.height * line,
        dilations[0] * line,
        dilations[1] * pixel,
        rows,
        columns,
      ],
    ),
  );
  const name =
    dtype === "uint8"
      ? "maxPoolU8"
      : dtype === "int8"
        ? "maxPoolI8"
        : kind === "max"
          ? "maxPoolF32"
          : "averagePoolF32";
  const total = image.batch * height;
  const work = total * width * pixel * kernel[0] * kernel[1];
  return ([x], [y]) => context.run(name, total, work / 4, x!, y!, pool);
}

/** Pools a turned copy of the image, and turns the result back. */
function turned(
  context: Context,
  spec: KernelSpec<"pool2d">,
  output: { readonly height: number; readonly width: number },
  owned: Owned,
): Run {
  const { dtype, shape } = spec.inputs[0]!;
  const { batch, channels, height, width } = imageLayout(shape, "nchw");
  const shift = dtype === "float32" ? 2 : 0;
  const [xArea, yArea] = [height * width, output.height * output.width];
  const images = batch * channels;
  const [fromAt, toAt] = [
    owned.workspace((images * xArea) << shift),
    owned.workspace((images * yArea) << shift),
  ];
  const run = channelsLast(
    context,
    {
      ...spec,
      inputs: [{ dtype, shape: [batch, height, width, channels] }],
      attributes: { ...spec.attributes, layout: "nhwc" },
    },
    owned,
  );
  return ([x], [y]) => {
    const [from, to] = [fromAt(), toAt()];
    context.run("transposeMatrices", batch * xArea, images * xArea, x!, from, channels, xArea, shift);
    run([from], [to]);
    context.run("transposeMatrices", images, images * yArea, to, y!, yArea, channels, shift);
  };
}
