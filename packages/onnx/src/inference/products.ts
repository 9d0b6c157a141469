/** Matrix products: MatMul and its integer forms, Gemm, Einsum, Det. */
import type { ElementType } from "../tensor/formats.ts";
import { broadcast, broadcastDim } from "./broadcast.ts";
import type { MaybeDim } from "./dim.ts";
import type { Op, Rule, Rules } from "./op.ts";
import { ofRank, type Shape, tensor } from "./value.ts";

/** Shape of numpy.matmul: batches broadcast, a vector is a row on the left and a column on the right. */
export function matMulShape(op: Op, a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a.length === 0 || b.length === 0) op.fail("a scalar cannot be multiplied as a matrix");
  const rows = a.length === 1 ? [1, a[0]] : a;
  const columns = b.length === 1 ? [b[0], 1] : b;
  checkInner(op, rows.at(-1), columns.at(-2));
  const batch = broadcast(op, [rows.slice(0, -2), columns.slice(0, -2)]) ?? [];
  const result = [...batch];
  if (a.length > 1) result.push(rows.at(-2));
  if (b.length > 1) result.push(columns.at(-1));
  return result;
}

export function checkInner(op: Op, a: MaybeDim, b: MaybeDim): void {
  if (typeof a === "number" && typeof b === "number" && a !== b) {
    op.fail(`rows of ${a} elements do not go with columns of ${b}`);
  }
}

function product(second: number, dtype: (op: Op) => ElementType | undefined): Rule {
  return (op) => [tensor(dtype(op), matMulShape(op, op.shape(0), op.shape(second)))];
}

/** [M, K] and [K, N], either of them turned over by an attribute, make [M, N]. */
export function gemm(second: number, dtype: (op: Op) => ElementType | undefined): Rule {
  return (op) => {
    const [m, k] = matrix(op, 0, op.int("transA", 0) !== 0);
    const [inner, n] = matrix(op, second, op.int("transB", 0) !== 0);
    checkInner(op, k, inner);
    return [tensor(dtype(op), [m, n])];
  };
}

function matrix(op: Op, index: number, turned: boolean): Shape {
  const shape = op.shape(index) ?? ofRank(2);
  if (shape.length !== 2) op.fail(`input ${index} has ${shape.length} dimensions instead of 2`);
  return turned ? [shape[1], shape[0]] : shape;
}

/** numpy.einsum: letters that come out keep their sizes; "..." stands for axes that broadcast. */
const einsum: Rule = (op) => {
  const equation = op.string("equation").replaceAll(/\s/g, "");
  const [left = "", right] = equation.split("->");
  const terms = left.split(",");
  if (terms.length !== op.node.input.length)
    op.fail(`${terms.length} terms are given for ${op.node.input.length} inputs`);
  const sizes = new Map<string, MaybeDim>();
  let dots: Shape = [];
  for (const [i, term] of terms.entries()) {
    const shape = op.shape(i);
    if (shape === undefined) return [tensor(op.dtype(0), undefined)];
    const hidden = shape.length - term.replace("...", "").length;
    if (hidden < 0 || (hidden > 0 && !term.includes("...")))
      op.fail(`"${term}" has not ${shape.length} axes`);
    let axis = 0;
    for (const part of term.match(/\.\.\.|./g) ?? []) {
      if (part === "...") {
        dots = broadcast(op, [dots, shape.slice(axis, axis + hidden)]) ?? [];
        axis += hidden;
      } else {
        const size = shape[axis++];
        sizes.set(part, sizes.has(part) ? broadcastDim(op, sizes.get(part), size) : size);
      }
    }
  }
  const result = (right ?? implicitResult(left)).match(/\.\.\.|./g) ?? [];
  return [
    tensor(
      op.dtype(0),
      result.flatMap((part) => (part === "..." ? dots : [sizes.get(part)])),
    ),
  ];
};

/** Without an arrow: the dots, then letters that occur once, in alphabetical order. */
function implicitResult(left: string): string {
  const letters = [...left.replaceAll(/[.,]/g, "")];
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return (left.includes("...") ? "..." : "") + once.sort().join("");
}

const det: Rule = (op) => [tensor(op.dtype(0), op.shape(0)?.slice(0, -2))];

export const productRules: Rules = {
  MatMul: product(1, (op) => op.dtype(0) ?? op.dtype(1)),
  MatMulInteger: product(1, () => "int32"),
  QLinearMatMul: product(3, (op) => op.dtype(7)),
  Gemm: gemm(1, (op) => op.dtype(0)),
  Einsum: einsum,
  Det: det,
};
