/** Reads the results of onnxruntime in golden/, whose README describes the files. In Node alone. */
import { readFileSync } from "node:fs";
import { type DType, type HostTensor, storageBytes, tensor } from "@bitbudget/core";

interface Entry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Base64 of the bytes of ONNX raw_data. */
  readonly data: string;
}

interface RecordedCase {
  readonly op: string;
  readonly name: string;
  readonly attributes: { readonly [name: string]: unknown };
  readonly inputs: { readonly [name: string]: Entry };
  readonly outputs: { readonly [name: string]: Entry };
}

/** A model of one operator, what it was given and what onnxruntime answered. */
export class GoldenCase {
  readonly name: string;
  readonly #recorded: RecordedCase;

  constructor(recorded: RecordedCase) {
    this.name = recorded.name;
    this.#recorded = recorded;
  }

  /** The tensor given for a formal input, if one was. */
  optional(name: string): HostTensor | undefined {
    const entry = this.#recorded.inputs[name];
    return entry && toTensor(entry);
  }

  input(name: string): HostTensor {
    return toTensor(this.#recorded.inputs[name]);
  }

  output(name: string): HostTensor {
    return toTensor(this.#recorded.outputs[name]);
  }

  /** An attribute that is a number. */
  number(name: string, absent: number): number {
    const value = this.#recorded.attributes[name];
    return typeof value === "number" ? value : absent;
  }

  /** An attribute that is a string. */
  text(name: string, absent: string): string {
    const value = this.#recorded.attributes[name];
    return typeof value === "string" ? value : absent;
  }

  /** An attribute that is a list of numbers. */
  list(name: string): readonly number[] | undefined {
    const value = this.#recorded.attributes[name];
    return Array.isArray(value) ? value.map(Number) : undefined;
  }
}

/** The cases of one operator. `departures` are those in which onnxruntime departs from what it usually does. */
export function goldenCases(
  file: "quantize" | "qlinear" | "conv" | "nbits" | "float",
  op: string,
  list: "cases" | "departures" = "cases",
): GoldenCase[] {
  const text = readFileSync(new URL(`golden/golden-${file}.json`, import.meta.url), "utf8");
  const recorded: { readonly [L in typeof list]: readonly RecordedCase[] } = JSON.parse(text);
  return recorded[list].filter((one) => one.op === op).map((one) => new GoldenCase(one));
}

function toTensor(entry: Entry | undefined): HostTensor {
  if (entry === undefined) throw new Error("the recorded case has no such tensor");
  const bytes = Uint8Array.from(atob(entry.data), (character) => character.charCodeAt(0));
  const { dtype, shape, data } = tensor(entry.dtype, entry.shape);
  new Uint8Array(data.buffer, 0, storageBytes(dtype, shape)).set(bytes);
  return { dtype, shape, data };
}
