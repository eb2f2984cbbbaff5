import { open, rename, rm } from "node:fs/promises";
import { type Command, Option } from "commander";
import { CHECKPOINT_PLACE, checkpointPlace } from "../checkpoint-place.ts";
import { type Console, tell } from "../console.ts";
import type { KeyChange, StateRow } from "../engine.ts";
import { stateKeyMissing } from "../errors.ts";
import { EXIT, type SetExit } from "../failure.ts";
import { type DriverFlags, withDriverOptions } from "../operator-command.ts";
import { ifStopped, lineFormat, Progress } from "../state-progress.ts";
import { formatTable } from "../table.ts";
import { parseBatch, parseCount, parseKey } from "../values.ts";
import { registerImport } from "./state-import.ts";
import { changeLine, type LineFormat, rowLine } from "./state-lines.ts";

type Format = "table" | LineFormat;

interface StateOptions extends DriverFlags {
  readonly format: Format;
  readonly batch?: number;
}

/** Rows of a table, unless told otherwise. */
const TABLE_ROWS = 100;

export function registerState(program: Command, console: Console, setExit: SetExit): Command {
  const state = program
    .command("state")
    .description("read the state in a checkpoint or of a running job: keys, what has changed, all of it as a file");
  registerGet(state, console, setExit);
  registerScan(state, console);
  registerDiff(state, console);
  registerExport(state, console);
  registerImport(state, console);
  return state;
}

function registerGet(state: Command, console: Console, setExit: SetExit): void {
  withBatch(withFormat(withDriverOptions(state.command("get")), "table"))
    .argument("<where>", CHECKPOINT_PLACE)
    .argument("<operator>", "the name of a stateful operator")
    .argument("<key...>", "keys: JSON, and what is none is text")
    .description("show the state of some keys")
    .action(async (where: string, operator: string, keys: readonly string[], options: StateOptions) => {
      const data = await console.engine.openState(await checkpointPlace(console, where, options));
      const found = await data.get(operator, keys.map(parseKey), options);
      const rows = found.filter((row) => row !== undefined);
      if (rows.length > 0) await console.out(inFormat(rows, options.format));
      const missing = keys.filter((_, at) => found[at] === undefined);
      if (missing.length === 0) return;
      const as = options.batch === undefined ? `the last committed batch, ${data.last}` : `batch ${options.batch}`;
      tell(
        console,
        stateKeyMissing(
          `the state of ${JSON.stringify(operator)} has no key ${missing.join(", ")} as of ${as}. A key is JSON, and what is none is text: 7 is a number, '"7"' and a are texts. ` +
            `\`millrace state scan ${where} ${operator}\` shows some that there are.`,
        ).message,
      );
      setExit(EXIT.failed);
    });
}

function registerScan(state: Command, console: Console): void {
  withBatch(withFormat(withDriverOptions(state.command("scan")), "table"))
    .argument("<where>", CHECKPOINT_PLACE)
    .argument("[operator]", "the name of a stateful operator (default: all)")
    .option("--limit <n>", `at most so many keys (default: ${TABLE_ROWS} in a table)`, parseCount("--limit"))
    .description("show keys with their states")
    .action(
      async (where: string, operator: string | undefined, options: StateOptions & { readonly limit?: number }) => {
        const data = await console.engine.openState(await checkpointPlace(console, where, options));
        const { format, batch, limit = format === "table" ? TABLE_ROWS : Number.POSITIVE_INFINITY } = options;
        let more = false;
        const rows = firstOf(data.scan({ operator, batch }), limit, () => {
          more = true;
        });
        if (format === "table") {
          const table: StateRow[] = [];
          for await (const some of rows) {
            ifStopped(console);
            table.push(...some);
          }
          await console.out(inFormat(table, format));
        } else {
          await writeAll(console, rows, format, (text) => console.out(text));
        }
        if (more)
          tell(console, `there are more than ${limit} keys; --limit shows more of them, and \`state export\` all`);
      },
    );
}

function registerDiff(state: Command, console: Console): void {
  withFormat(withDriverOptions(state.command("diff")), "table")
    .argument("<where>", CHECKPOINT_PLACE)
    .argument("[operator]", "the name of a stateful operator (default: all)")
    .requiredOption("--from <batch>", "the earlier batch: its time, in ms since 1970 or as text", parseBatch("--from"))
    .option("--to <batch>", "the later batch (default: the last one that is committed)", parseBatch("--to"))
    .description("show the keys whose state differs between two batches")
    .action(
      async (
        where: string,
        operator: string | undefined,
        options: StateOptions & { readonly from: number; readonly to?: number },
      ) => {
        const data = await console.engine.openState(await checkpointPlace(console, where, options));
        const { from, to, format } = options;
        const table: KeyChange[] = [];
        if (format === "csv") await console.out(changeLine.csvHead);
        for await (const changes of data.diff({ operator, from, to })) {
          ifStopped(console);
          if (format === "table") table.push(...changes);
          else await console.out(changes.map((change) => changeLine[format](change)).join(""));
        }
        if (format !== "table") return;
        const text = (json: KeyChange["before"]): string => (json === undefined ? "-" : JSON.stringify(json));
        const shown = formatTable(
          table,
          [
            { title: "operator", show: (change) => change.operator },
            { title: "key", show: ({ key }) => JSON.stringify(key) },
            { title: `as of ${from}`, show: ({ before }) => text(before) },
            { title: `as of ${to ?? data.last}`, show: ({ after }) => text(after) },
          ],
          "no key differs",
        );
        await console.out(shown);
      },
    );
}

function registerExport(state: Command, console: Console): void {
  withBatch(withDriverOptions(state.command("export")))
    .argument("<where>", CHECKPOINT_PLACE)
    .argument("[operator]", "the name of a stateful operator (default: all)")
    .addOption(lineFormat("how to write it"))
    .option("--out <file>", "the file to write, whole or not at all (default: standard output)")
    .description("write all keys with their states, a line each")
    .action(
      async (
        where: string,
        operator: string | undefined,
        options: DriverFlags & { readonly format: LineFormat; readonly batch?: number; readonly out?: string },
      ) => {
        const data = await console.engine.openState(await checkpointPlace(console, where, options));
        const { format, batch, out } = options;
        const rows = data.scan({ operator, batch });
        if (out === undefined) {
          await writeAll(console, rows, format, (text) => console.out(text));
          return;
        }
        const temporary = `${out}.${process.pid}.tmp`;
        try {
          const file = await open(temporary, "w");
          let keys: number;
          try {
            keys = await writeAll(console, rows, format, async (text) => void (await file.appendFile(text)));
          } finally {
            await file.close();
          }
          await rename(temporary, out);
          tell(console, `${keys} keys as of batch ${batch ?? data.last} written to ${out}`);
        } catch (error) {
          await rm(temporary, { force: true });
          throw error;
        }
      },
    );
}

/** @param onMore Called if there are more. */
async function* firstOf(
  all: AsyncIterable<readonly StateRow[]>,
  limit: number,
  onMore: () => void,
): AsyncGenerator<readonly StateRow[]> {
  let left = limit;
  for await (const rows of all) {
    if (rows.length > left) {
      yield rows.slice(0, left);
      return onMore();
    }
    left -= rows.length;
    yield rows;
  }
}

/** @returns How many keys there are. */
async function writeAll(
  console: Console,
  all: AsyncIterable<readonly StateRow[]>,
  format: LineFormat,
  write: (text: string) => Promise<void>,
): Promise<number> {
  let keys = 0;
  const progress = new Progress(console);
  if (format === "csv") await write(rowLine.csvHead);
  for await (const rows of all) {
    ifStopped(console);
    await write(inLines(rows, format));
    keys += rows.length;
    progress.tell(`${keys} keys`);
  }
  return keys;
}

function inFormat(rows: readonly StateRow[], format: Format): string {
  if (format !== "table") return `${format === "csv" ? rowLine.csvHead : ""}${inLines(rows, format)}`;
  return formatTable(
    rows,
    [
      { title: "operator", show: (row) => row.operator },
      { title: "key", show: (row) => JSON.stringify(row.key) },
      { title: "state", show: (row) => JSON.stringify(row.state) },
      ...(rows.some(({ updated }) => updated !== undefined)
        ? [
            {
              title: "updated",
              show: ({ updated }: StateRow) => (updated === undefined ? "" : new Date(updated).toISOString()),
            },
          ]
        : []),
    ],
    "no keys",
  );
}

function inLines(rows: readonly StateRow[], format: LineFormat): string {
  return rows.map((row) => rowLine[format](row)).join("");
}

function withFormat(command: Command, by: Format): Command {
  const formats: readonly Format[] = ["table", "jsonl", "csv"];
  return command.addOption(new Option("--format <format>", "how to write it").choices(formats).default(by));
}

function withBatch(command: Command): Command {
  return command.option(
    "--batch <batch>",
    "as of this batch: its time, in ms since 1970 or as text (default: the last one that is committed)",
    parseBatch("--batch"),
  );
}
