/** What a schema has found wrong: an issue of valibot has these fields. */
export interface OptionIssue {
  /** Which rule was broken, such as `min_value`. */
  readonly type: string;
  readonly message: string;
  readonly expected?: string | null;
  readonly requirement?: unknown;
  /** Where, from the outside to the inside. */
  readonly path?: readonly { readonly key?: unknown }[] | undefined;
}

/**
 * What is wrong with options, one clause for each issue: `patienceMs: want 0 at least`. No value is repeated: it may be a secret.
 *
 * @param whole What the options are called as a whole.
 */
export function optionProblems(issues: readonly OptionIssue[] = [], whole = "options"): readonly string[] {
  return issues.map((issue) => {
    const names = (issue.path ?? []).map(({ key }) => String(key));
    return `${names.length === 0 ? whole : names.join(".")}: ${reasonOf(issue)}`;
  });
}

function reasonOf({ type, message, expected, requirement }: OptionIssue): string {
  switch (type) {
    case "strict_object":
      return "there is no such option";
    case "url":
      return "want a URL";
    case "min_value":
      return `want ${String(requirement)} at least`;
    case "check":
    case "regex":
      return message;
    default:
      return `want ${expected ?? "another value"}`;
  }
}
