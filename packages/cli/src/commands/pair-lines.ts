import { Readable } from "node:stream";
import { parse } from "csv-parse";
import type { ImportedPair } from "../engine.ts";
import { parseKey } from "../values.ts";
import type { LineFormat } from "./state-lines.ts";

/** Input of `state import`. */
export interface PairInput {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly format: LineFormat;
  /** Lines need not name it, and none may name another; `undefined`: each line names its own. */
  readonly operator: string | undefined;
  /** The error for a line that is no pair. */
  readonly refuse: (line: number, why: string, cause?: unknown) => Error;
}

type Fields = Readonly<Record<string, unknown>>;

const FIELDS: ReadonlySet<string> = new Set(["operator", "key", "state", "updated"]);
/** Records that are passed on together. */
const SOME = 1_000;

/** The pairs of a file as `state export` writes it, or of two columns; a few at a time. @throws What `refuse` returns */
export async function* pairsIn(input: PairInput): AsyncGenerator<readonly ImportedPair[], void, undefined> {
  const records = input.format === "csv" ? csvRecords(input) : jsonRecords(input);
  for await (const some of records) yield some.map(([line, fields]) => pairOf(fields, line, input));
}

type Records = AsyncGenerator<readonly (readonly [line: number, fields: Fields])[], void, undefined>;

async function* jsonRecords({ chunks, refuse }: PairInput): Records {
  for await (const lines of linesOf(chunks, refuse)) {
    yield lines.flatMap(([line, text]) => {
      if (text.trim() === "") return [];
      const json = jsonIn(text, (why) => refuse(line, why));
      if (Array.isArray(json) && json.length === 2) return [[line, { key: json[0], state: json[1] }] as const];
      if (typeof json === "object" && json !== null && !Array.isArray(json)) return [[line, json as Fields] as const]; // that is what JSON.parse makes
      throw refuse(line, 'it is neither an object with "key" and "state", nor an array of the two');
    });
  }
}

function jsonIn(text: string, refuse: (why: string) => Error): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuse(`it is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** Lines end with `\n` alone: texts in JSON may have every other separator. */
async function* linesOf(
  chunks: PairInput["chunks"],
  refuse: PairInput["refuse"],
): AsyncGenerator<readonly (readonly [number, string])[], void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  let rest = "";
  const decoded = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw refuse(line, "what follows is not UTF-8", error);
    }
  };
  for await (const chunk of chunks) {
    const texts = (rest + decoded(chunk)).split("\n");
    rest = texts.pop() ?? "";
    const first = line;
    line += texts.length;
    yield texts.map((text, at) => [first + at, text] as const);
  }
  yield [[line, rest + decoded()]];
}

async function* csvRecords({ chunks, refuse }: PairInput): Records {
  const parser = parse({ bom: true, info: true, relax_column_count: true, record_delimiter: ["\r\n", "\n"] });
  const source = Readable.from(chunks);
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  let head: readonly string[] | undefined;
  let some: [number, Fields][] = [];
  let line = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      const first = line;
      line = info.lines + 1;
      if (record.length === 1 && record[0] === "") continue;
      if (head === undefined) {
        head = headOf(record, (why) => refuse(first, why));
        continue;
      }
      some.push([first, fieldsOf(head, record, (why) => refuse(first, why))]);
      if (some.length < SOME) continue;
      yield some;
      some = [];
    }
  } catch (error) {
    if (!isCsvError(error)) throw error;
    throw refuse(error.lines ?? line, `it is not CSV (${error.message})`, error);
  } finally {
    source.destroy();
    parser.destroy();
  }
  yield some;
}

/** What `csv-parse` gives with `info`. */
interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

const isCsvError = (error: unknown): error is Error & { readonly lines?: number } =>
  error instanceof Error && "code" in error && String(error.code).startsWith("CSV_");

function headOf(names: readonly string[], refuse: (why: string) => Error): readonly string[] {
  const missing = ["key", "state"].find((name) => !names.includes(name));
  if (missing === undefined) return names;
  throw refuse(`it is to name the columns, and has no "${missing}": operator,key,state,updated, or key,state`);
}

function fieldsOf(head: readonly string[], cells: readonly string[], refuse: (why: string) => Error): Fields {
  if (cells.length !== head.length) throw refuse(`it has ${cells.length} cells, and the heading ${head.length}`);
  const fields: Record<string, unknown> = {};
  head.forEach((name, at) => {
    const cell = cells[at] ?? "";
    if (name === "operator") fields[name] = cell;
    else if (name === "updated") fields[name] = cell === "" ? undefined : timeOf(cell);
    else fields[name] = parseKey(cell);
  });
  return fields;
}

const timeOf = (text: string): number => (/^-?[\d.]+$/.test(text) ? Number(text) : Date.parse(text));

function pairOf(fields: Fields, line: number, { operator: named, refuse }: PairInput): ImportedPair {
  const unknown = Object.keys(fields).find((name) => !FIELDS.has(name));
  if (unknown !== undefined)
    throw refuse(line, `it has ${JSON.stringify(unknown)}: want operator, key, state and updated`);
  for (const name of ["key", "state"]) if (!Object.hasOwn(fields, name)) throw refuse(line, `it has no "${name}"`);
  const { operator = named, key, state, updated } = fields;
  if (operator === undefined)
    throw refuse(line, 'it has no "operator", and none is given for all lines: name it after the directory');
  if (typeof operator !== "string") throw refuse(line, `its operator is ${JSON.stringify(operator)}, which is no name`);
  if (named !== undefined && operator !== named)
    throw refuse(line, `it is of ${JSON.stringify(operator)}, and ${JSON.stringify(named)} is to be imported`);
  if (updated !== undefined && !isTime(updated))
    throw refuse(line, "its time, updated, is not in milliseconds since 1970");
  return { operator, key, state, updated, line };
}

const isTime = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
