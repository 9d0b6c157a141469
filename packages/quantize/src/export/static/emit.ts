/**
 * Writes the nodes of a plan: QuantizeLinear where numbers become codes, DequantizeLinear before everything that computes,
 * operators that move codes on the codes themselves. A value keeps its name, and stands for what its codes say.
 */
import { type DType, encodeArray, tensor, valuesOf } from "@bitbudget/core";
import { type Graph, makeNode, type NodeProto, tensorValue } from "@bitbudget/onnx";
import { renamed } from "../replace.ts";
import type { Writer } from "../writer.ts";
import { bounds, type CodeFormat, type Coding, codeOf, codingOf } from "./coding.ts";
import type { StaticPlan, Step } from "./plan.ts";
import { activationsOf, boundsOf } from "./roles.ts";

/** Names of a value's codes, and of the numbers that these stand for. */
interface Site {
  readonly codes: string;
  readonly decoded: string;
}

/** An activation of a layer. */
export interface LayerInput {
  readonly value: string;
  readonly coding: Coding;
}

const everything = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };

export class CodeWriter {
  readonly #writer: Writer;
  readonly #graph: Graph;
  readonly #plan: StaticPlan;
  readonly #sites = new Map<string, Site>();
  /** Numbers of values that were quantized for one layer alone. */
  readonly #own = new Map<string, string>();

  constructor(writer: Writer, plan: StaticPlan) {
    this.#writer = writer;
    this.#graph = writer.graph;
    this.#plan = plan;
  }

  /**
   * Puts codes between the nodes of the plan. Weights and biases of layers are there already.
   * @param inputs what each layer reads, by slot: a value, and how it is coded for this layer
   */
  write(inputs: (layer: NodeProto) => readonly LayerInput[]): void {
    for (const step of this.#plan.steps) {
      if (step.role === "mover") this.#move(step.node);
      else if (step.role === "clamp") this.#clamp(step.node);
      else {
        if (step.role === "arithmetic") this.#operands(step.node);
        else this.read(step.node, inputs(step.node));
        this.#result(step);
      }
    }
  }

  /** Makes a layer read codes: those of the plan where they are the same, else codes of its own. */
  read(layer: NodeProto, inputs: readonly LayerInput[]): void {
    inputs.forEach(({ value, coding }, slot) => {
      const isPlanned = this.#plan.codings.get(value) === coding;
      const decoded = isPlanned ? this.#site(value).decoded : this.#requantized(value, coding);
      this.#graph.setInput(layer, slot, decoded);
    });
  }

  #requantized(value: string, coding: Coding): string {
    const { format, scale, zeroPoint } = coding;
    const key = JSON.stringify([value, format.dtype, scale, zeroPoint]);
    const known = this.#own.get(key);
    if (known !== undefined) return known;
    const codes = this.#quantize(value, coding, everything);
    const decoded = this.#dequantize(codes, coding, this.#graph.uniqueName(`${value}_${format.dtype}`));
    this.#own.set(key, decoded);
    return decoded;
  }

  #site(value: string): Site {
    const known = this.#sites.get(value);
    if (known !== undefined) return known;
    const coding = this.#codingOf(value);
    const codes = this.#quantize(value, coding, everything);
    const decoded = this.#dequantize(codes, coding, this.#graph.uniqueName(`${value}_dequantized`));
    const site = { codes, decoded };
    this.#sites.set(value, site);
    return site;
  }

  #codingOf(value: string): Coding {
    const coding = this.#plan.codings.get(value);
    if (coding === undefined) throw new RangeError(`the plan has no codes for ${value}`);
    return coding;
  }

  /** Name of codes of numbers, which the bounds of a clamp and the end of the format limit. */
  #quantize(numbers: string, coding: Coding, clamp: { readonly min: number; readonly max: number }): string {
    const codes = this.#writer.node(
      "QuantizeLinear",
      [numbers, ...this.#parameters(coding)],
      `${numbers}_codes`,
    );
    const limits = bounds(coding, clamp);
    return limits === undefined ? codes : this.#limited(codes, coding, limits);
  }

  #limited(codes: string, { format }: Coding, { low, high }: { low: number; high: number }): string {
    const limit = (name: string, code: number) => this.#writer.number(name, format.storage, code);
    return this.#writer.node("Clip", [codes, limit("low", low), limit("high", high)], `${codes}_limited`);
  }

  #dequantize(codes: string, coding: Coding, to: string): string {
    this.#writer.insert("DequantizeLinear", [codes, ...this.#parameters(coding)], [to]);
    return to;
  }

  #parameters({ scale, zeroPoint, format }: Coding): [string, string] {
    return [
      this.#writer.number("scale", "float32", scale),
      this.#writer.number("zero_point", format.storage, zeroPoint),
    ];
  }

  /** The result of a computation becomes codes, and its name what these stand for. */
  #result({ node, clamp }: Step): void {
    const [made = ""] = node.output;
    const value = clamp?.output[0] ?? made;
    const coding = this.#plan.codings.get(value);
    if (coding === undefined) return;
    const graph = this.#graph;
    const limits = clamp === undefined ? everything : (boundsOf(graph, clamp) ?? everything);
    const raw = graph.uniqueName(`${value}_float`);
    const held = graph.uniqueName(`${value}_held`);
    const dequantize = makeNode("DequantizeLinear", [held, ...this.#parameters(coding)], [value]);
    if (clamp !== undefined) graph.replaceNode(clamp, dequantize);
    graph.replaceNode(node, renamed(node, [raw]), ...(clamp === undefined ? [dequantize] : []));
    const codes = this.#quantize(raw, coding, limits);
    graph.setInput(dequantize, 0, codes);
    this.#sites.set(value, { codes, decoded: value });
  }

  /** The operator on codes. */
  #move(node: NodeProto): void {
    const graph = this.#graph;
    const given = activationsOf(node);
    const first = given.find((name) => !graph.initializers.has(name)) ?? "";
    const coding = this.#codingOf(first);
    const codes = node.input.map((name, i) => {
      if (i >= given.length) return name;
      return graph.initializers.has(name) ? this.#constant(name, coding) : this.#site(name).codes;
    });
    if (node.opType === "Pad") codes[2] = this.#padding(node.input[2] ?? "", coding);
    const outputs = node.output.map((name) => (name === "" ? "" : graph.uniqueName(`${name}_codes`)));
    const moved = renamed(node, outputs);
    moved.input = codes;
    this.#replace(node, moved, outputs, coding);
  }

  /** A Relu or Clip whose operand others read, too: the same codes between two codes. */
  #clamp(node: NodeProto): void {
    const [x = ""] = node.input;
    const coding = this.#codingOf(x);
    const limits = bounds(coding, boundsOf(this.#graph, node) ?? everything);
    const codes = this.#site(x).codes;
    const limited = limits === undefined ? codes : this.#limited(codes, coding, limits);
    const [value = ""] = node.output;
    this.#graph.replaceNode(node, this.#dequantizer(limited, coding, value));
    this.#sites.set(value, { codes: limited, decoded: value });
  }

  #replace(node: NodeProto, replacement: NodeProto, outputs: readonly string[], coding: Coding): void {
    const decoders = node.output.flatMap((value, i) =>
      value === "" ? [] : [this.#dequantizer(outputs[i] ?? "", coding, value)],
    );
    node.output.forEach((value, i) => {
      this.#sites.set(value, { codes: outputs[i] ?? "", decoded: value });
    });
    this.#graph.replaceNode(node, replacement, ...decoders);
  }

  #dequantizer(codes: string, coding: Coding, value: string): NodeProto {
    return makeNode("DequantizeLinear", [codes, ...this.#parameters(coding)], [value]);
  }

  /** Operands of a computation: what codes stand for; constants become codes of their own. */
  #operands(node: NodeProto): void {
    const graph = this.#graph;
    activationsOf(node).forEach((name, slot) => {
      if (!graph.initializers.has(name)) {
        graph.setInput(node, slot, this.#site(name).decoded);
        return;
      }
      const other = node.input.find((each) => !graph.initializers.has(each)) ?? "";
      const format = this.#formatOf(other);
      const values = Array.from(valuesOf(constantOf(graph, name)));
      const coding = codingOf(format, {
        min: values.reduce((a, b) => Math.min(a, b), 0),
        max: values.reduce((a, b) => Math.max(a, b), 0),
      });
      graph.setInput(
        node,
        slot,
        this.#dequantize(this.#constant(name, coding), coding, graph.uniqueName(`${name}_decoded`)),
      );
    });
  }

  #formatOf(decoded: string): CodeFormat {
    const value = [...this.#sites].find(([, site]) => site.decoded === decoded)?.[0] ?? decoded;
    return this.#codingOf(value).format;
  }

  /** A constant as codes. */
  #constant(name: string, coding: Coding): string {
    const { shape, ...rest } = constantOf(this.#graph, name);
    const codes = Array.from(valuesOf({ shape, ...rest }), (x) => codeOf(coding, x));
    const dtype: DType = coding.format.storage;
    return this.#writer.constant(`${name}_codes`, { dtype, shape, data: encodeArray(dtype, codes) });
  }

  #padding(name: string, coding: Coding): string {
    const value = name === "" ? 0 : Number(valuesOf(constantOf(this.#graph, name))[0]);
    return this.#writer.number("padding", coding.format.storage, codeOf(coding, value));
  }
}

function constantOf(graph: Graph, name: string) {
  const proto = graph.initializers.get(name);
  return proto === undefined ? tensor("float32", [0]) : tensorValue(proto);
}
