/** What stands between an image and a model, as JSON that travels with the model. */
import { DataError } from "../errors.ts";
import type { Filter } from "./resize.ts";
import { checkSchema, preprocessingSchema } from "./schema.ts";

/** Pixels: of one side, or [height, width]. */
export type Size = number | readonly [height: number, width: number];

/** Formats that an image can be given to a model in. */
export type ImageDType = "float32" | "float16" | "float64" | "uint8" | "int8" | "uint16" | "int16" | "int32";

/**
 * From an image to an input of a model, in this order: color, resize, crop, `(value * scale - mean) / std` with values of 0
 * to 255, layout. Every part may be left out.
 *
 * ```json
 * { "input": "data", "resize": { "size": 256 }, "crop": 224, "scale": 0.00392156862745098,
 *   "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225] }
 * ```
 */
export interface Preprocessing {
  /** Name of the model's input. Default "input". */
  readonly input?: string;
  /** The channels that the model gets, in their order. "gray" is brightness (ITU-R BT.601). Default "rgb". */
  readonly color?: "rgb" | "bgr" | "gray";
  readonly resize?: {
    /** Of the shorter side, or [height, width]. */
    readonly size: Size;
    /**
     * "shorter" makes the shorter side `size` and keeps the proportions (the other side is rounded down, as torchvision
     * does); "stretch" makes both sides `size`. Default: "shorter" for one number, "stretch" for two.
     */
    readonly mode?: "shorter" | "stretch";
    /** Default "bilinear". */
    readonly filter?: Filter;
    /** Whether shrinking averages all pixels that a new one covers, as PIL does. Default true. */
    readonly antialias?: boolean;
  };
  /** Pixels that are cut from the middle: of a square, or [height, width]. */
  readonly crop?: Size;
  /** Order of the axes. Default "nchw". */
  readonly layout?: "nchw" | "nhwc";
  /** Default 1; 1/255 for models that take 0 to 1. */
  readonly scale?: number;
  /** Of scaled values; for all channels or for each, in the order that the model gets them. Default 0. */
  readonly mean?: number | readonly number[];
  /** As `mean`. Default 1. */
  readonly std?: number | readonly number[];
  /** Integers are rounded, ties to even, and saturated. Default "float32". */
  readonly dtype?: ImageDType;
}

/**
 * A value from JSON as preprocessing.
 * @throws DataError that names the part that is wrong, like `preprocessing.resize.size`, and says what it must be
 */
export function checkPreprocessing(value: unknown, path = "preprocessing"): Preprocessing {
  checkSchema(value, preprocessingSchema, path);
  // The schema has just said so.
  const checked = value as Preprocessing;
  const channels = checked.color === "gray" ? 1 : 3;
  for (const name of ["mean", "std"] as const) {
    const given = checked[name];
    if (typeof given === "object" && given.length !== channels)
      throw new DataError(
        `${path}.${name}`,
        `must have one number for each of ${channels} channels, not ${given.length}`,
      );
  }
  if (checked.resize?.mode === "shorter" && typeof checked.resize.size !== "number")
    throw new DataError(
      `${path}.resize.size`,
      'must be one number, of the shorter side, with the mode "shorter"',
    );
  return checked;
}
