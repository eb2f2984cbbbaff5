import { readFileSync } from "node:fs";
import { type Console, runCli } from "@millrace/cli";
import { describe, expect, test } from "vitest";
import type {
  Accumulator,
  AccumulatorSpec,
  AsyncIterableOptions,
  BatchInfo,
  BoundedDouble,
  Broadcast,
  CombineOptions,
  ExternalSource,
  FileStreamOptions,
  HashPartitioner,
  InputDStream,
  InputInfo,
  JobDefinition,
  JobOptions,
  MapWithStateOptions,
  OutputOperation,
  OutputOperationInfo,
  Partitioner,
  PipeOptions,
  QueueOptions,
  RangeOptions,
  RangePartitioner,
  RateOptions,
  RateRecord,
  Receiver,
  ReceiverInfo,
  SaveTextOptions,
  Sink,
  SinkBatch,
  SinkStart,
  SinkTask,
  SinkWriter,
  SortOptions,
  SourceHost,
  State,
  StateOptions,
  StateSnapshots,
  StorageLevel,
  StreamBatch,
  StreamingListener,
  TreeOptions,
  UpdateOptions,
} from "./index.ts";
import * as api from "./index.ts";
import type { TestJob, TestJobOptions } from "./testing.ts";
import * as testing from "./testing.ts";

// docs/operations.md is the reference for readers who know Spark: it must list everything that exists, and nothing
// else.

/** For entries that the reference does not have. */
const BEYOND = "beyond";

/** The operations of the reference: every one of these has at least one row. */
const IDS: readonly string[] = [
  ...numbered("SC", 1, 24),
  ...numbered("IN", 1, 10),
  ...numbered("FS", 1, 8),
  ...numbered("DS", 1, 28),
  ...numbered("PD", 1, 15),
  ...numbered("KS", 1, 11),
  ...numbered("WN", 1, 8),
  ...numbered("OUT", 1, 5),
  ...numbered("FO", 1, 3),
  ...numbered("SL", 1, 6),
  ...numbered("RD", 1, 13),
  ...numbered("RD", 20, 28),
  ...numbered("PR", 1, 9),
  ...numbered("CX", 1, 7),
  ...["TaskContext", "Broadcast", "Accumulators", "Storage levels", "Partitioners"],
  ...numbered("RC", 1, 3),
];

/** Types and fields leave no trace at run time: their names, kept complete by the types of these lists. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  Accumulator: members<Accumulator<unknown>>({ id: 1, kind: 1, name: 1, add: 1, value: 1, reset: 1 }),
  AsyncIterableOptions: members<AsyncIterableOptions>({ highWater: 1, batches: 1 }),
  StreamBatch: members<StreamBatch<unknown>>({ time: 1, records: 1 }),
  BatchInfo: members<BatchInfo>({
    ...{ batchTime: 1, streamIdToInputInfo: 1, submissionTime: 1, processingStartTime: 1, processingEndTime: 1 },
    ...{ outputOperationInfos: 1, schedulingDelay: 1, processingDelay: 1, totalDelay: 1, numRecords: 1 },
    ...{ spilledBytes: 1, failureReason: 1 },
  }),
  AccumulatorSpec: members<AccumulatorSpec<unknown, unknown>>({ zero: 1, add: 1, merge: 1, value: 1 }),
  BoundedDouble: members<BoundedDouble>({ mean: 1, confidence: 1, low: 1, high: 1 }),
  Broadcast: members<Broadcast<unknown>>({ id: 1, value: 1, unpersist: 1, destroy: 1, isDestroyed: 1 }),
  CombineOptions: members<CombineOptions<unknown>>({ numPartitions: 1, partitioner: 1, mapSideCombine: 1 }),
  Sink: members<Sink<unknown, unknown>>({ label: 1, options: 1, open: 1, probe: 1, recover: 1, commit: 1, abort: 1 }),
  SinkBatch: members<SinkBatch>({ id: 1, time: 1, output: 1, epoch: 1 }),
  SinkStart: members<SinkStart<unknown>>({ id: 1, output: 1, epoch: 1, committed: 1, pending: 1 }),
  ExternalSource: members<ExternalSource<unknown, unknown>>({
    ...{ label: 1, options: 1, start: 1, limit: 1, hasMore: 1, fix: 1, sizeOf: 1, committed: 1, read: 1, stop: 1 },
    probe: 1,
  }),
  SourceHost: members<SourceHost>({ warn: 1, condition: 1 }),
  SinkTask: members<SinkTask>({ id: 1, time: 1, output: 1, epoch: 1, partition: 1, attempt: 1 }),
  SinkWriter: members<SinkWriter<unknown, unknown>>({ write: 1, prepare: 1, abort: 1 }),
  FileStreamOptions: members<FileStreamOptions>({ filter: 1, newFilesOnly: 1, format: 1 }),
  HashPartitioner: members<HashPartitioner>({ numPartitions: 1, getPartition: 1, equals: 1 }),
  JobDefinition: members<JobDefinition>({ options: 1, batchInterval: 1, build: 1 }),
  JobOptions: members<JobOptions>({ name: 1, batchInterval: 1, checkpointDir: 1, conf: 1 }),
  MapWithStateOptions: members<MapWithStateOptions<unknown, unknown>>({
    ...{ timeout: 1, initialState: 1, numPartitions: 1, partitioner: 1, version: 1, migrate: 1 },
  }),
  Partitioner: members<Partitioner>({ numPartitions: 1, getPartition: 1, equals: 1 }),
  QueueOptions: members<QueueOptions<unknown>>({ oneAtATime: 1, default: 1 }),
  RangeOptions: members<RangeOptions<unknown>>({ ascending: 1, compare: 1 }),
  RangePartitioner: members<RangePartitioner<unknown>>({
    ...{ bounds: 1, descending: 1, compare: 1, numPartitions: 1, getPartition: 1, equals: 1 },
  }),
  InputDStream: members<InputDStream<unknown>>({ start: 1, compute: 1, stop: 1 }),
  InputInfo: members<InputInfo>({ inputStreamId: 1, name: 1, numRecords: 1, metadata: 1 }),
  OutputOperation: members<OutputOperation>({ named: 1 }),
  OutputOperationInfo: members<OutputOperationInfo>({
    ...{ batchTime: 1, id: 1, name: 1, description: 1, startTime: 1, endTime: 1, duration: 1, failureReason: 1 },
  }),
  ReceiverInfo: members<ReceiverInfo>({
    ...{ streamId: 1, name: 1, active: 1, location: 1, executorId: 1 },
    ...{ lastErrorMessage: 1, lastError: 1, lastErrorTime: 1 },
  }),
  StreamingListener: members<StreamingListener>({
    ...{ onStreamingStarted: 1, onReceiverStarted: 1, onReceiverError: 1, onReceiverStopped: 1 },
    ...{ onBatchSubmitted: 1, onBatchStarted: 1, onBatchCompleted: 1 },
    ...{ onOutputOperationStarted: 1, onOutputOperationCompleted: 1 },
  }),
  RateOptions: members<RateOptions>({ numPartitions: 1 }),
  RateRecord: members<RateRecord>({ value: 1, timestamp: 1 }),
  Receiver: members<Receiver<unknown>>({
    ...{ onStart: 1, onStop: 1, onSafe: 1, store: 1, restart: 1, stop: 1, reportError: 1 },
    ...{ storageLevel: 1, streamId: 1, position: 1, isStopped: 1 },
  }),
  PipeOptions: members<PipeOptions<unknown>>({ env: 1, printContext: 1, printRecord: 1 }),
  SaveTextOptions: members<SaveTextOptions>({ codec: 1 }),
  SortOptions: members<SortOptions<unknown>>({ ascending: 1, numPartitions: 1, compare: 1 }),
  State: members<State<unknown>>({ exists: 1, get: 1, getOption: 1, update: 1, remove: 1, isTimingOut: 1 }),
  StateOptions: members<StateOptions<unknown, unknown>>({
    ...{ numPartitions: 1, partitioner: 1, initialState: 1, version: 1, migrate: 1 },
  }),
  StateSnapshots: members<StateSnapshots<unknown, unknown>>({ stateSnapshots: 1 }),
  StorageLevel: members<StorageLevel>({ memory: 1, disk: 1, replication: 1 }),
  TestJob: members<TestJob>({
    ...{ feed: 1, advance: 1, printed: 1, stop: 1, time: 1, sources: 1, output: 1, log: 1, warnings: 1 },
  }),
  TestJobOptions: members<TestJobOptions>({ args: 1, conf: 1, parallelism: 1, startTime: 1 }),
  TreeOptions: members<TreeOptions>({ depth: 1, finalOnExecutor: 1 }),
  UpdateOptions: members<UpdateOptions<unknown, unknown>>({
    ...{ numPartitions: 1, partitioner: 1, initialState: 1, onlyUpdated: 1, version: 1, migrate: 1 },
  }),
};

const page = read("docs/operations.md");
const rows = [...page.split(/^## /m).slice(1)].flatMap((section) => rowsOf(section));
const named = rows.flatMap(({ id, here }) => namesIn(here).map((name) => ({ id, name })));
const published: ReadonlySet<string> = new Set([...valuesOf({ ...api, ...testing }), ...typeMembers()]);
const settings = new Set([...read("docs/configuration.md").matchAll(/^\| `([a-z][\w.]*)`/gm)].map(([, name]) => name));
const errors = new Set([...read("docs/errors.md").matchAll(/^## (\w+)/gm)].map(([, code]) => code));

describe("docs/operations.md", () => {
  test("has a row for every operation of the reference", () => {
    const known = new Set(rows.map(({ id }) => id));
    expect(IDS.filter((id) => !known.has(id))).toEqual([]);
    expect([...known].filter((id) => id !== BEYOND && !IDS.includes(id))).toEqual([]);
  });

  test("names an operation of ours in each row, or says why there is none", () => {
    const silent = rows.filter(({ id, here, differs }) => {
      if (id === BEYOND) return namesIn(here).length === 0 || differs === "";
      return here === "none" ? differs === "" : namesIn(here).length === 0;
    });
    expect(silent).toEqual([]);
  });

  test("promises nothing", () => expect(rows.filter(({ here }) => here.includes("not yet"))).toEqual([]));

  test("names nothing that is not there", async () => {
    const commands = await commandLines();
    const missing = named.filter(({ name }) => {
      if (name.startsWith("millrace ")) return !commands.has(name);
      return !published.has(name) && !settings.has(name) && !errors.has(name);
    });
    expect(missing).toEqual([]);
  });

  test("names every public function, method and option", () => {
    const told = new Set(named.map(({ name }) => name));
    const untold = [...published].filter((name) => !told.has(name));
    expect(untold.sort(), "give each a row of docs/operations.md").toEqual([]);
  });

  test("is held against the members of every interface that a job can import", () => {
    const source = read("packages/api/src/index.ts");
    const interfaces = [...source.matchAll(/export (?:type )?\{([^}]*)\} from "\.(\/[^"]+)"/g)].flatMap(
      ([, list = "", file]) => {
        const declared = read(`packages/api/src${file}`);
        const names = list.split(",").map((name) => name.replace(/\btype\b/, "").trim());
        return names.filter((name) => name !== "" && declared.includes(`export interface ${name}`));
      },
    );
    expect(interfaces).toContain("JobOptions");
    expect(interfaces.filter((name) => !(name in TYPES))).toEqual([]);
  });
});

interface Row {
  readonly id: string;
  readonly here: string;
  readonly differs: string;
}

function rowsOf(section: string): Row[] {
  const beyond = section.startsWith("Beyond the reference");
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) => {
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [id = "", , here = "", differs = ""] = beyond ? [BEYOND, "", ...cells] : cells;
    return { id, here, differs };
  });
}

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

/** Functions by name, classes and constants by member: `defineJob`, `DStream.map`, `StorageLevel.DISK_ONLY`. */
function valuesOf(module: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(module).flatMap(([name, value]) => {
    if (typeof value !== "function") return Object.keys(Object(value)).map((member) => `${name}.${member}`);
    if (!isClass(value)) return [name];
    const statics = stringsOf(value).filter((member) => !["length", "name", "prototype"].includes(member));
    const methods = chainOf(value.prototype).flatMap((layer) =>
      stringsOf(layer).filter((one) => one !== "constructor"),
    );
    return [...statics, ...methods].map((member) => `${name}.${member}`);
  });
}

function isClass(value: object): value is { readonly prototype: object } {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function stringsOf(value: object): string[] {
  return Reflect.ownKeys(value).filter((key) => typeof key === "string");
}

/** The prototypes of a class, without that of all objects. */
function chainOf(prototype: object): object[] {
  const above: object | null = Object.getPrototypeOf(prototype);
  return above === null ? [] : [prototype, ...chainOf(above)];
}

function typeMembers(): string[] {
  return Object.entries(TYPES).flatMap(([type, names]) => names.map((name) => `${type}.${name}`));
}

function members<T>(names: Readonly<Record<Extract<keyof T, string>, 1>>): readonly string[] {
  return Object.keys(names);
}

/** `millrace run`, `millrace run --master`, and so on for every command and option listed by `--help`. */
async function commandLines(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const [, command = ""] of (await help()).matchAll(/^ {2}([a-z]+) .*<?/gm)) {
    found.add(`millrace ${command}`);
    for (const [, option] of (await help(command)).matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)) {
      found.add(`millrace ${command} ${option}`);
    }
  }
  return found;
}

async function help(...command: readonly string[]): Promise<string> {
  let text = "";
  const out = async (part: string | Uint8Array): Promise<void> => {
    text += part;
  };
  await runCli([...command, "--help"], { out, env: {} } as Console); // whoever asks for help is told, and nothing else is touched
  return text;
}

function numbered(prefix: string, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => `${prefix}-${first + i}`);
}

function read(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
}
