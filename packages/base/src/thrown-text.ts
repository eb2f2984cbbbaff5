import { inspect } from "node:util";

const TEXT_MAX = 300;
const SHOWN = { depth: 2, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200, maxArrayLength: 20 } as const;

/** A thrown value on one line: `text` as it is, an object as `{ code: 5 }`. Never throws. */
export function thrownText(value: unknown): string {
  if (typeof value === "string") return cut(value);
  try {
    return cut(inspect(value, SHOWN).replaceAll(/\s*\n\s*/g, " "));
  } catch {
    return "without a text"; // a Proxy, or an inspect function of the author, that throws
  }
}

/** The message of an error; for any other thrown value, its text. */
export function thrownMessage(value: unknown): string {
  return value instanceof Error ? value.message : thrownText(value);
}

const cut = (text: string): string => (text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text);
