/**
 * What users decide themselves: groups are pinned to a choice, kept from some, or limited to some. Names and labels may have
 * the wildcards `*` (any text) and `?` (any character).
 */
import { RuleError } from "./errors.ts";
import type { Group } from "./problem.ts";

export type Rule = {
  /** Names of groups, as "encoder.*". */
  readonly groups: string | readonly string[];
} & (
  | { /** The label of the one choice that is left. */ readonly pin: string }
  | { /** Labels of choices that are taken away. */ readonly forbid: string | readonly string[] }
  | { /** Labels of choices that stay. */ readonly limit: string | readonly string[] }
);

/**
 * The groups with the choices that all rules leave.
 * @throws RuleError for a rule that fits no group or no choice, or leaves a group without any
 */
export function restrict(groups: readonly Group[], rules: readonly Rule[]): Group[] {
  return rules.reduce<Group[]>((left, rule, index) => apply(left, rule, index), [...groups]);
}

function apply(groups: readonly Group[], rule: Rule, index: number): Group[] {
  const names = list(rule.groups);
  for (const pattern of names)
    if (!groups.some(({ name }) => matches(pattern, name)))
      throw new RuleError(
        index,
        `no group is named ${JSON.stringify(pattern)}; there are ${some(groups.map(({ name }) => name))}`,
      );
  const [labels, isKept] =
    "pin" in rule
      ? [[rule.pin], true]
      : "limit" in rule
        ? [list(rule.limit), true]
        : [list(rule.forbid), false];
  let isUsed = false;
  const result = groups.map((group) => {
    if (!names.some((pattern) => matches(pattern, group.name))) return group;
    const fits = group.choices.map(({ label }) => labels.some((pattern) => matches(pattern, label)));
    isUsed ||= fits.includes(true);
    const choices = group.choices.filter((_, i) => fits[i] === isKept);
    if (choices.length === 0)
      throw new RuleError(
        index,
        `it leaves ${group.name} no choice of ${some(group.choices.map(({ label }) => label))}`,
      );
    return { ...group, choices };
  });
  if (!isUsed) throw new RuleError(index, `no choice of these groups is ${labels.join(" or ")}`);
  if ("pin" in rule) onePinned(result, names, index);
  return result;
}

/** A pin with a wildcard that fits several choices pins nothing. */
function onePinned(groups: readonly Group[], names: readonly string[], index: number): void {
  for (const { name, choices } of groups)
    if (choices.length > 1 && names.some((pattern) => matches(pattern, name)))
      throw new RuleError(
        index,
        `it pins ${name} to ${some(choices.map(({ label }) => label))}; use a limit for several`,
      );
}

/** Whether all of the text fits a pattern with `*` and `?`. Takes time in proportion to both lengths multiplied, at most. */
export function matches(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === "*") [star, mark] = [p++, t];
    else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) [p, t] = [p + 1, t + 1];
    else if (star >= 0) [p, t] = [star + 1, ++mark];
    else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

function list(given: string | readonly string[]): readonly string[] {
  return typeof given === "string" ? [given] : given;
}

function some(names: readonly string[]): string {
  return names.slice(0, 8).join(", ") + (names.length > 8 ? ", ..." : "");
}
