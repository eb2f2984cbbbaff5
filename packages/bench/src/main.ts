// `npm run bench -- [names]`: measures, shows the results beside the recorded baselines; see README.md.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readBaseline, writeBaseline } from "./baseline.ts";
import type { Bench, BenchOptions, Engine } from "./bench.ts";
import { pairedRuns } from "./paired-runs.ts";
import { LoadMeter } from "./process-tree.ts";
import { BENCHES, ONLY_BY_NAME } from "./registry.ts";
import { figure, goalsText, resultsTable } from "./results-table.ts";

const USAGE = `npm run bench -- [NAMES] [--rounds N] [--minutes N] [--against CHECKOUT] [--record] [--quick] [--list]

  NAMES      what to measure; without, all but ${[...ONLY_BY_NAME].join(", ")}
  --rounds   how often each subject runs, by turns
  --against  another built checkout, whose engine takes turns with this one
  --record   keep the results as baselines
  --minutes  how long state-pace runs; by default 2
  --quick    a few batches only: to see that it works
  --list     the names and what they measure`;

class UsageError extends Error {}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: "string" },
      minutes: { type: "string", default: "2" },
      against: { type: "string" },
      record: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(USAGE);
  if (values.list) return say(BENCHES.map(({ name, what }) => `${name.padEnd(16)} ${what}`).join("\n"));
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new UsageError(`--rounds ${values.rounds}: give a whole number, 1 or more`);
  }
  if (values.record && (values.quick || values.against !== undefined)) {
    throw new UsageError("--record keeps this checkout's figures: leave out --quick and --against");
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new UsageError(`--minutes ${values.minutes}: give a number above 0`);
  const options: BenchOptions = {
    minutes,
    engines: engines(values.against),
    quick: values.quick,
    progress: (text) => process.stderr.write(`  ${text}\n`),
  };
  let failed = 0;
  for (const bench of chosen(positionals)) failed += await measure(bench, options, { rounds, record: values.record });
  return failed === 0 ? 0 : 1;
}

/** @returns The number of failed subjects. */
async function measure(
  bench: Bench,
  options: BenchOptions,
  how: { readonly rounds: number | undefined; readonly record: boolean },
): Promise<number> {
  const rounds = how.rounds ?? (options.quick ? 1 : bench.rounds);
  say(`${bench.name}: ${bench.what}`);
  const load = new LoadMeter();
  const results = await pairedRuns(bench.subjects(options), rounds, options.progress);
  const othersCores = load.othersCores();
  say(resultsTable(bench, results, readBaseline(bench.name)));
  if (bench.goals !== undefined)
    say(options.quick ? "goals are for whole runs, not for --quick" : goalsText(bench.goals(results)));
  say(
    `${rounds} rounds; other programs kept ${figure(othersCores)} cores busy${othersCores > 0.3 ? ": too many to trust these" : ""}`,
  );
  if (how.record) say(`recorded in ${writeBaseline(bench.name, results, { rounds, othersCores })}`);
  say("");
  return results.filter((result) => result.error !== undefined).length;
}

function engines(against: string | undefined): readonly Engine[] {
  const own: Engine = { mark: "", root: fileURLToPath(new URL("../../../", import.meta.url)) };
  return against === undefined ? [own] : [own, { mark: `@ ${against}`, root: resolve(against) }];
}

function chosen(names: readonly string[]): readonly Bench[] {
  if (names.length === 0) return BENCHES.filter(({ name }) => !ONLY_BY_NAME.has(name));
  return names.map((name) => {
    const bench = BENCHES.find((one) => one.name === name);
    if (bench === undefined)
      throw new UsageError(`no bench "${name}"; there are ${BENCHES.map((one) => one.name).join(", ")}`);
    return bench;
  });
}

function say(text: string): 0 {
  process.stdout.write(`${text}\n`);
  return 0;
}

/** An error in the command line, including those that `parseArgs` finds. */
function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!isUsageError(error)) throw error;
  process.stderr.write(`${error.message}\n\n${USAGE}\n`);
  process.exitCode = 2;
}
