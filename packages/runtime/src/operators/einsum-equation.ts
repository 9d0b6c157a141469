/** The equation of an Einsum: which axis of which operand has which name. */

export interface EinsumTerms {
  /** Names of the axes of each operand. */
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/**
 * Reads "ij,jk->ik". An ellipsis stands for any number of axes, which broadcast; they get names of their own. Without an
 * arrow the output has the ellipsis and then every name that occurs once, sorted.
 * @param ranks dimensions of each operand
 */
export function parseEquation(
  equation: string,
  ranks: readonly number[],
  fail: (message: string) => never,
): EinsumTerms {
  const [left = "", right, ...rest] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (rest.length > 0 || terms.length !== ranks.length)
    fail(`has the equation ${JSON.stringify(equation)} for ${ranks.length} operands`);
  for (const term of right === undefined ? terms : [...terms, right])
    if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term))
      fail(`has ${JSON.stringify(term)} in its equation; use letters and one ellipsis`);

  const open = terms.map((term, i) => {
    const letters = term.replace("...", "").length;
    const left = (ranks[i] ?? 0) - letters;
    if (left < 0 || (left > 0 && !term.includes("...")))
      fail(`names ${letters} axes of operand ${i}, which has ${ranks[i]}`);
    return left;
  });
  const most = Math.max(0, ...open);
  /** Names of the last axes of the ellipsis, as broadcasting aligns them. */
  const ellipsis = (count: number) => Array.from({ length: count }, (_, i) => `...${most - count + i}`);
  const expand = (term: string, count: number): string[] => {
    const [before = "", after = ""] = term.split("...");
    return [...before, ...(term.includes("...") ? ellipsis(count) : []), ...after];
  };
  const inputs = terms.map((term, i) => expand(term, open[i] ?? 0));
  if (right !== undefined) {
    const output = expand(right, most);
    for (const label of output)
      if (!inputs.some((labels) => labels.includes(label)))
        fail(`has ${label} in its output and in no operand`);
    if (new Set(output).size !== output.length) fail("names an axis of its output twice");
    return { inputs, output };
  }
  const letters = inputs.flat().filter((label) => !label.startsWith("..."));
  const once = letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label));
  return { inputs, output: [...ellipsis(most), ...once.sort()] };
}
