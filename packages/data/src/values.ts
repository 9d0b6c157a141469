/** Values of unknown kind: what they are, and how an error names them. */

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as an error names it. */
export function describe(value: unknown): string {
  if (typeof value === "string")
    return value.length > 60 ? `${JSON.stringify(value.slice(0, 57))}...` : JSON.stringify(value);
  if (Array.isArray(value))
    return value.length > 8 ? `an array of ${value.length}` : `[${value.map(describe).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const type = Object.prototype.toString.call(value).slice(8, -1);
    return type === "Object"
      ? `an object with ${Object.keys(value).slice(0, 8).join(", ") || "nothing in it"}`
      : `a ${type}`;
  }
  return typeof value === "function" ? "a function" : String(value);
}

/** Whether a value stands for a class: its number as int32, or its name. */
export function isLabel(value: unknown): value is number | string {
  if (typeof value === "string") return true;
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}
