/**
 * The JSON schema (draft 2020-12) of preprocessing, and the check of values against it: the same text that tells an editor
 * what is allowed decides what is.
 */

import { DataError } from "../errors.ts";
import { describe, isRecord } from "../values.ts";

/** The part of JSON Schema that is used here. */
export interface Schema {
  readonly $schema?: string;
  readonly title?: string;
  /** What an error says must be there. */
  readonly description?: string;
  readonly type?: "object" | "array" | "integer" | "number" | "string" | "boolean";
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly oneOf?: readonly Schema[];
}

const pixels: Schema = {
  type: "integer",
  minimum: 1,
  maximum: 16384,
  description: "an integer from 1 to 16384",
};
const area: Schema = {
  description: "a number of pixels from 1 to 16384, or [height, width]",
  oneOf: [pixels, { type: "array", items: pixels, minItems: 2, maxItems: 2 }],
};
const number: Schema = { type: "number", description: "a finite number" };
const positive: Schema = { type: "number", exclusiveMinimum: 0, description: "a positive number" };
const perChannel = (each: Schema): Schema => ({
  description: `${each.description}, or a list with one for each channel`,
  oneOf: [each, { type: "array", items: each, minItems: 1, maxItems: 3 }],
});

/** JSON schema of `Preprocessing`. */
export const preprocessingSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Preprocessing of images: resize, crop, then (value * scale - mean) / std",
  description: "an object",
  type: "object",
  additionalProperties: false,
  properties: {
    input: {
      type: "string",
      minLength: 1,
      default: "input",
      description: "the name of an input of the model",
    },
    color: { type: "string", enum: ["rgb", "bgr", "gray"], default: "rgb" },
    resize: {
      description: "an object with a size",
      type: "object",
      additionalProperties: false,
      required: ["size"],
      properties: {
        size: area,
        mode: { type: "string", enum: ["shorter", "stretch"] },
        filter: { type: "string", enum: ["nearest", "bilinear", "bicubic"], default: "bilinear" },
        antialias: { type: "boolean", default: true, description: "true or false" },
      },
    },
    crop: area,
    layout: { type: "string", enum: ["nchw", "nhwc"], default: "nchw" },
    scale: { ...number, default: 1 },
    mean: { ...perChannel(number), default: 0 },
    std: { ...perChannel(positive), default: 1 },
    dtype: {
      type: "string",
      enum: ["float32", "float16", "float64", "uint8", "int8", "uint16", "int16", "int32"],
      default: "float32",
    },
  },
};

/** @throws DataError whose source is the path of the offending part */
export function checkSchema(value: unknown, schema: Schema, path: string): void {
  const problem = problemOf(value, schema, path);
  if (problem !== undefined) throw problem;
}

function problemOf(value: unknown, schema: Schema, path: string): DataError | undefined {
  const wanted =
    schema.enum === undefined
      ? schema.description
      : `one of ${schema.enum.map((each) => JSON.stringify(each)).join(", ")}`;
  if (schema.oneOf !== undefined) {
    if (schema.oneOf.some((each) => problemOf(value, each, path) === undefined)) return undefined;
    return new DataError(path, `must be ${wanted}, not ${describe(value)}`);
  }
  if (!isOfType(value, schema) || !isWithin(value, schema))
    return new DataError(path, `must be ${wanted}, not ${describe(value)}`);
  if (Array.isArray(value))
    return firstOf(value.map((each, i) => problemOf(each, schema.items ?? {}, `${path}[${i}]`)));
  return isRecord(value) ? problemInside(value, schema, path) : undefined;
}

function problemInside(
  value: Record<string, unknown>,
  { properties = {}, required = [] }: Schema,
  path: string,
): DataError | undefined {
  const missing = required.find((name) => value[name] === undefined);
  if (missing !== undefined)
    return new DataError(`${path}.${missing}`, `is missing; give ${properties[missing]?.description}`);
  return firstOf(
    Object.entries(value).map(([name, each]) => {
      const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (schema === undefined)
        return new DataError(
          `${path}.${name}`,
          `does not exist; there are ${Object.keys(properties).join(", ")}`,
        );
      return each === undefined ? undefined : problemOf(each, schema, `${path}.${name}`);
    }),
  );
}

function firstOf(problems: readonly (DataError | undefined)[]): DataError | undefined {
  return problems.find((problem) => problem !== undefined);
}

function isOfType(value: unknown, { type }: Schema): boolean {
  if (type === "object") return isRecord(value);
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isSafeInteger(value);
  if (type === "number") return Number.isFinite(value);
  return type === undefined || typeof value === type;
}

function isWithin(value: unknown, schema: Schema): boolean {
  if (typeof value === "string")
    return (
      value.length >= (schema.minLength ?? 0) && (schema.enum === undefined || schema.enum.includes(value))
    );
  if (Array.isArray(value))
    return value.length >= (schema.minItems ?? 0) && value.length <= (schema.maxItems ?? Infinity);
  if (typeof value !== "number") return true;
  const { minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity } = schema;
  return value >= minimum && value > exclusiveMinimum && value <= maximum;
}
