/**
 * On devices that compute images with the channels last, convolutions run that way and everything that can follows them:
 * pools, elementwise operators, operators on codes, joins. What still wants the channels first finds them under the old
 * name, behind a Transpose; those that nobody asks for are pruned, so that a chain of convolutions has one Transpose at
 * its start and one at its end.
 */
import { elementCount } from "@bitbudget/core";
import {
  canonicalDomain,
  type Graph,
  getInt,
  getInts,
  makeAttribute,
  makeNode,
  type NodeProto,
} from "@bitbudget/onnx";
import type { PassOptions } from "./index.ts";
import { addConstant, constant, INTERNAL, isOp } from "./match.ts";

const TO_LAST = [0n, 2n, 3n, 1n];
const TO_FIRST = [0n, 3n, 1n, 2n];

/** How a node runs with the channels last: the inputs that are images, and what changes besides them. */
interface Form {
  readonly images: readonly number[];
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, bigint>>;
}

export function chooseLayout(graph: Graph, { layout }: PassOptions): void {
  if (layout === "nhwc") new ChannelsLast(graph).run();
}

class ChannelsLast {
  readonly #graph: Graph;
  /** Names of images, [batch, channels, height, width], and of the same with their channels last. */
  readonly #last = new Map<string, string>();
  /** Names of constants with one number for each channel, and of the same along the last axis. */
  readonly #rows = new Map<string, string>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  run(): void {
    for (const node of this.#graph.order()) {
      if (isOp(node, "Transpose")) this.#transpose(node);
      else {
        const form = this.#form(node);
        if (form !== undefined) this.#turn(node, form);
      }
    }
  }

  /** A model that moves channels itself says where they are: its Transpose need not be undone, or is what was asked for. */
  #transpose(node: NodeProto): void {
    const [x = ""] = node.input;
    const [y = ""] = node.output;
    const perm = getInts(node, "perm", []).join();
    if (perm === TO_FIRST.join()) this.#last.set(y, x);
    const last = this.#last.get(x);
    if (perm === TO_LAST.join() && last !== undefined)
      this.#graph.replaceNode(node, makeNode("Identity", [last], [y], { name: node.name }));
  }

  /** Puts a node of another form in the place of one, and a Transpose after it. */
  #turn(node: NodeProto, { images, domain, attributes = {} }: Form): void {
    const graph = this.#graph;
    const [y = ""] = node.output;
    const input = node.input.map((name, i) => (images.includes(i) ? this.#lastOf(name, node) : name));
    const last = graph.uniqueName(`${y}_channels_last`);
    const turned = makeNode(node.opType, input, [last], { name: node.name, domain: domain ?? node.domain });
    const others = node.attribute.filter(({ name }) => attributes[name] === undefined);
    turned.attribute = [
      ...others,
      ...Object.entries(attributes).map(([name, value]) => makeAttribute(name, value)),
    ];
    const back = makeNode("Transpose", [last], [y], {
      name: graph.uniqueName(`${y}_channels_first`),
      attributes: { perm: TO_FIRST },
    });
    graph.replaceNode(node, turned, back);
    this.#last.set(y, last);
  }

  /** The name of an image with its channels last, which a Transpose makes where it is not there yet. */
  #lastOf(name: string, before: NodeProto): string {
    const known = this.#last.get(name) ?? this.#rows.get(name);
    if (known !== undefined) return known;
    const graph = this.#graph;
    const last = graph.uniqueName(`${name}_channels_last`);
    const node = makeNode("Transpose", [name], [last], { name: last, attributes: { perm: TO_LAST } });
    graph.insert(node, { before });
    this.#last.set(name, last);
    return last;
  }

  #form(node: NodeProto): Form | undefined {
    const { opType } = node;
    if (node.output.length !== 1 || getInt(node, "channels_last", 0) !== 0) return undefined;
    const marked = { channels_last: 1n };
    const filterAt = convolutions.get(kind(node));
    if (filterAt !== undefined) {
      const isImage = constant(this.#graph, node.input[filterAt])?.shape.length === 4;
      if (!isImage) return undefined;
      return { images: [0], attributes: marked, ...(opType === "Conv" && { domain: INTERNAL }) };
    }
    if (isOp(node, "Concat")) return this.#join(node, 0, 1);
    if (kind(node) === "com.microsoft.QLinearConcat") return this.#join(node, 2, 3);
    if (pairs.has(kind(node))) return this.#elementwise(node, [0, 3]);
    if (isOp(node, ...variadic)) return this.#elementwise(node, [...node.input.keys()]);
    if (!this.#isImage(node.input[0])) return undefined;
    if (isOp(node, ...pools)) return { images: [0], domain: INTERNAL, attributes: marked };
    if (isOp(node, "BatchNormalization"))
      return this.#isFixed(node) ? { images: [0], domain: INTERNAL, attributes: marked } : undefined;
    if (poolsOfCodes.has(kind(node))) return { images: [0], attributes: marked };
    if (isOp(node, ...unary)) return { images: [0] };
    if (coders.has(kind(node))) return this.#hasOneScale(node) ? { images: [0] } : undefined;
    return codes.has(kind(node)) ? { images: [0] } : undefined;
  }

  #isImage(name: string | undefined): boolean {
    return name !== undefined && this.#last.has(name);
  }

  /** Whether a normalization has constant statistics, one for each channel. */
  #isFixed(node: NodeProto): boolean {
    const isRow = (name: string): boolean => {
      const source = this.#graph.producer(name);
      // Codes that planning decodes.
      if (isOp(source, "DequantizeLinear"))
        return isRow(source.input[0] ?? "") && source.input.every((part) => this.#isKnown(part));
      return constant(this.#graph, name)?.shape.length === 1;
    };
    return node.input.slice(1).every(isRow) && getInt(node, "training_mode", 0) === 0;
  }

  #isKnown(name: string): boolean {
    return name === "" || constant(this.#graph, name) !== undefined;
  }

  #hasOneScale(node: NodeProto): boolean {
    const scale = constant(this.#graph, node.input[1]);
    return scale !== undefined && elementCount(scale.shape) === 1 && getInt(node, "block_size", 0) === 0;
  }

  /** Images, which are of one rank, and constants: numbers, and rows of one number for each channel. */
  #elementwise({ input }: NodeProto, operands: readonly number[]): Form | undefined {
    const name = (i: number) => input[i] ?? "";
    const others = operands.filter((i) => !this.#isImage(name(i)));
    if (others.length === operands.length) return undefined;
    if (!others.every((i) => this.#isNumber(name(i)) || this.#rowOfChannels(name(i)))) return undefined;
    return { images: operands.filter((i) => this.#isImage(name(i)) || this.#rows.has(name(i))) };
  }

  #isNumber(name: string): boolean {
    const shape = constant(this.#graph, name)?.shape;
    return shape !== undefined && shape.length <= 4 && elementCount(shape) === 1;
  }

  /** Makes the last axis that of the channels in a constant [channels, 1, 1] or [1, channels, 1, 1]. */
  #rowOfChannels(name: string): boolean {
    if (this.#rows.has(name)) return true;
    const row = this.#isNumber(name) ? undefined : constant(this.#graph, name);
    const [channels = 0, ...others] = row?.shape.length === 4 ? row.shape.slice(1) : (row?.shape ?? []);
    const fits =
      others.length === 2 && others.every((length) => length === 1) && row?.data.length === channels;
    if (row === undefined || !fits) return false;
    this.#rows.set(name, addConstant(this.#graph, `${name}_channels_last`, { ...row, shape: [channels] }));
    return true;
  }

  /** @param first the first input that is joined @param step how far the next one is */
  #join(node: NodeProto, first: number, step: number): Form | undefined {
    const images = node.input.flatMap((_, i) => (i >= first && (i - first) % step === 0 ? [i] : []));
    const axis = getInt(node, "axis");
    // Where each axis of an image goes.
    const moved = [0n, 3n, 1n, 2n][axis < 0 ? axis + 4 : axis];
    if (moved === undefined || !images.every((i) => this.#isImage(node.input[i]))) return undefined;
    return { images, attributes: { axis: moved } };
  }
}

/** An operator with its domain, as in error messages. */
function kind({ domain, opType }: NodeProto): string {
  const canonical = canonicalDomain(domain);
  return canonical === "" ? opType : `${canonical}.${opType}`;
}

/** Operators that start with an image, and where their filters are. */
const convolutions: ReadonlyMap<string, number> = new Map([
  ["Conv", 1],
  [`${INTERNAL}.Conv`, 1],
  [`${INTERNAL}.WeightOnlyConv`, 1],
  ["QLinearConv", 3],
  [`${INTERNAL}.QLinearConv`, 3],
]);
const pools = ["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"];
const poolsOfCodes = new Set(["com.microsoft.QLinearAveragePool", "com.microsoft.QLinearGlobalAveragePool"]);
const coders = new Set(
  ["QuantizeLinear", "DequantizeLinear"].flatMap((name) => [name, `com.microsoft.${name}`]),
);
/** On codes, of one operand and of two. */
const codes = new Set(["com.microsoft.QLinearSigmoid", "com.microsoft.QLinearLeakyRelu"]);
const pairs = new Set(["com.microsoft.QLinearAdd", "com.microsoft.QLinearMul"]);
/** Element by element; further inputs are numbers that hold for all. */
const unary = [
  ...["Abs", "Cast", "Celu", "Clip", "Elu", "Erf", "Exp", "Gelu", "HardSigmoid", "HardSwish", "Identity"],
  ...["LeakyRelu", "Log", "Mish", "Neg", "Relu", "Selu", "Sigmoid", "Softplus", "Softsign", "Sqrt", "Tanh"],
];
const variadic = ["Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Sum"];
