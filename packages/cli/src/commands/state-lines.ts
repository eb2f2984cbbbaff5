import type { KeyChange, StateRow } from "../engine.ts";
import { parseKey } from "../values.ts";

/** A line for each key, for programs: JSON, or CSV for spreadsheets, both without loss. */
export type LineFormat = "jsonl" | "csv";

interface Lines<Row> {
  readonly jsonl: (row: Row) => string;
  readonly csv: (row: Row) => string;
  readonly csvHead: string;
}

export const rowLine: Lines<StateRow> = {
  jsonl: ({ operator, key, state, updated }) => {
    const time = updated === undefined ? "" : `,"updated":${text(updated)}`;
    return `{"operator":${text(operator)},"key":${text(key)},"state":${text(state)}${time}}\n`;
  },
  csv: ({ operator, key, state, updated }) =>
    `${cell(operator)},${cell(key)},${cell(state)},${updated === undefined ? "" : new Date(updated).toISOString()}\r\n`,
  csvHead: "operator,key,state,updated\r\n",
};

/** As `JSON.stringify` writes it, in half the time for what most keys and states are: there may be millions. */
function text(json: StateRow["key"]): string {
  if (typeof json === "number") return String(json);
  return typeof json === "string" && UNESCAPED.test(json) ? `"${json}"` : JSON.stringify(json);
}

/** ASCII but for `"`, `\\` and control characters. */
const UNESCAPED = /^[ !#-[\]-~]*$/;

export const changeLine: Lines<KeyChange> = {
  jsonl: (change) => `${JSON.stringify(change)}\n`,
  csv: ({ operator, key, before, after }) => `${cell(operator)},${cell(key)},${cell(before)},${cell(after)}\r\n`,
  csvHead: "operator,key,before,after\r\n",
};

/** Text as it is, unless it is JSON, too, and everything else as JSON; nothing if there is nothing. */
function cell(json: KeyChange["before"]): string {
  if (json === undefined) return "";
  const text = typeof json === "string" && isPlain(json) ? json : JSON.stringify(json);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** UTF-8 has none. */
const LONE_SURROGATE = /\p{Cs}/u;

/** It is read as it is written. */
function isPlain(text: string): boolean {
  if (text === "" || LONE_SURROGATE.test(text)) return false;
  return !/^[\s"[{tfn\d-]/.test(text) || parseKey(text) === text;
}
