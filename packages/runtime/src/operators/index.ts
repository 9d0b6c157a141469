/** The operators that the runtime has: domain, name, and the function that lowers them. */
import type { Operator } from "../operator.ts";
import { elementwise } from "./elementwise.ts";

/** Operators of one domain, by name. */
export type OperatorTable = Readonly<Record<string, Operator>>;

const standard: readonly OperatorTable[] = [elementwise];
const microsoft: readonly OperatorTable[] = [];

const tables = new Map<string, ReadonlyMap<string, Operator>>([
  ["", merge(standard)],
  ["com.microsoft", merge(microsoft)],
]);

function merge(parts: readonly OperatorTable[]): Map<string, Operator> {
  return new Map(parts.flatMap((table) => Object.entries(table)));
}

export function findOperator(domain: string, opType: string): Operator | undefined {
  return tables.get(domain)?.get(opType);
}

/** All operators by domain, for the list in the documentation. */
export function operatorNames(domain = ""): string[] {
  return [...(tables.get(domain)?.keys() ?? [])].sort();
}
