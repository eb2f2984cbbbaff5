import { type ExecutorId, epochMs, executorId, unreachable, type WireError } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import {
  type BatchLogEntry,
  blockId,
  type CommittedBatches,
  type FixedInput,
  type FormerHeads,
  type InputMemory,
  type JobParts,
  type LoggedBatches,
  type PendingBatch,
  type PreparedBatch,
  type PreparedOutput,
  parseVersionName,
  type ReceivedMark,
  type RememberedBatch,
  type StateHeads,
  type StateVersion,
  versionName,
} from "@millrace/plan";
import * as v from "valibot";
import type { EntryKind } from "./segment-file.ts";

// The payload of an entry is JSON, so that any program can read it: maps are lists of pairs, bytes are base64.

const time = v.pipe(v.number(), v.integer(), v.transform(epochMs));
const bytes = v.pipe(
  v.string(),
  v.base64(),
  v.transform((text): Uint8Array => new Uint8Array(Buffer.from(text, "base64"))),
);
const location = v.pipe(v.string(), v.transform(locationFrom));

function mapOf<T>(value: v.GenericSchema<unknown, T>) {
  return v.pipe(
    v.array(v.strictTuple([v.string(), value])),
    v.transform((pairs): ReadonlyMap<string, T> => new Map(pairs)),
  );
}

const site = v.object({ file: v.string(), line: v.number(), column: v.number() });
const kind = v.object({
  code: v.string(),
  blame: v.picklist(["user", "environment", "engine"]),
  retry: v.picklist(["never", "same-task", "parent-stage"]),
});
const wireError: v.GenericSchema<unknown, WireError> = v.object({
  name: v.string(),
  message: v.string(),
  stack: v.exactOptional(v.string()),
  kind: v.exactOptional(kind),
  fields: v.exactOptional(v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]))),
  site: v.exactOptional(site),
  cause: v.exactOptional(v.lazy(() => wireError)),
});

const holder = v.pipe(
  v.string(),
  v.transform((name): ExecutorId | "driver" => (name === "driver" ? name : executorId(name))),
);
const block = v.object({
  id: v.pipe(v.string(), v.transform(blockId)),
  bytes: v.number(),
  records: v.number(),
  at: v.array(holder),
  logged: v.exactOptional(v.object({ segment: v.string(), offset: v.number() })),
});
const mark: v.GenericSchema<unknown, ReceivedMark> = v.object({
  place: v.object({ epoch: v.number(), run: v.number(), block: v.number() }),
  position: v.exactOptional(bytes),
});
const file = v.object({ path: location, version: v.string(), bytes: v.number() });
const fixedInput: v.GenericSchema<unknown, FixedInput> = v.variant("kind", [
  v.object({
    kind: v.literal("received"),
    blocks: v.array(block),
    records: v.number(),
    through: v.exactOptional(mark),
  }),
  v.object({ kind: v.literal("files"), files: v.array(file) }),
  v.object({
    kind: v.literal("rate"),
    from: v.number(),
    until: v.number(),
    recordsPerSecond: v.number(),
    zeroTime: time,
  }),
  v.object({ kind: v.literal("external"), ranges: v.array(bytes) }),
  v.object({ kind: v.literal("unlogged"), records: v.number() }),
  v.object({ kind: v.literal("failed"), error: wireError }),
]);
const inputs = mapOf(fixedInput);
/** As in the names of its files. */
const version = v.pipe(
  v.string(),
  v.transform(parseVersionName),
  v.check((parsed) => parsed !== undefined, "is not the name of a version"),
);
const stateHeads = { batch: time, heads: v.array(v.nullable(version)) };
const former: v.GenericSchema<unknown, FormerHeads> = v.pipe(
  v.object({ until: time, ...stateHeads, former: v.exactOptional(v.lazy(() => former)) }),
  v.transform(({ until, ...heads }) => ({ until, heads: headsFrom(heads) })),
);
const states = mapOf(
  v.pipe(
    v.object({ ...stateHeads, former: v.exactOptional(former) }),
    v.transform((heads) => headsFrom(heads)),
  ),
);

function headsFrom({
  heads,
  ...rest
}: Pick<StateHeads, "batch" | "former"> & {
  readonly heads: readonly (StateVersion | null | undefined)[];
}): StateHeads {
  return { ...rest, partitions: heads.length, heads: heads.map((head) => head ?? undefined) };
}

const output = v.object({ id: v.number(), name: v.string(), label: v.string() });
const writtenFile = v.object({ file: v.string(), bytes: v.number(), token: v.string() });
const preparedOutput: v.GenericSchema<unknown, PreparedOutput> = v.variant("kind", [
  v.object({ kind: v.literal("files"), output, staging: location, directory: location, files: v.array(writtenFile) }),
  v.object({ kind: v.literal("sink"), output, written: v.array(bytes) }),
]);
const prepared: v.GenericSchema<unknown, PreparedBatch> = v.object({
  states,
  outputs: v.array(preparedOutput),
});
const remembered: v.GenericSchema<unknown, RememberedBatch> = v.object({ time, inputs, states });
const pending: v.GenericSchema<unknown, PendingBatch> = v.pipe(
  v.object({
    time,
    inputs,
    states,
    prepared: v.nullable(prepared),
    error: v.nullable(wireError),
    done: v.array(output),
  }),
  v.transform((batch) => ({ ...batch, prepared: batch.prepared ?? undefined, error: batch.error ?? undefined })),
);
const knownFile = v.object({
  path: location,
  since: v.number(),
  version: v.string(),
  returns: v.number(),
  waiting: v.boolean(),
});
const memory: v.GenericSchema<unknown, InputMemory> = v.variant("kind", [
  v.pipe(
    v.object({ kind: v.literal("files"), afterMs: v.nullable(v.number()), known: v.array(knownFile) }),
    v.transform((files) => ({ ...files, afterMs: files.afterMs ?? undefined })),
  ),
  v.object({ kind: v.literal("external"), ranges: v.array(bytes) }),
]);
const identity = v.pipe(
  v.nullable(v.object({ name: v.string(), id: v.optional(v.string(), ""), batchIntervalMs: v.number() })),
  v.transform((job) => job ?? undefined),
);
const committedBatches: v.GenericSchema<unknown, CommittedBatches> = v.object({ last: time, states });
const base: v.GenericSchema<unknown, LoggedBatches> = v.pipe(
  v.object({
    zeroTime: v.nullable(time),
    committed: committedBatches,
    remembered: v.array(remembered),
    pending: v.nullable(pending),
    memories: mapOf(memory),
    memoriesAt: time,
    received: mapOf(mark),
  }),
  v.transform((logged) => ({
    ...logged,
    zeroTime: logged.zeroTime ?? undefined,
    pending: logged.pending ?? undefined,
  })),
);

const part = {
  name: v.string(),
  given: v.boolean(),
  kind: v.string(),
  label: v.string(),
  place: v.number(),
  code: v.number(),
};
const parts: v.GenericSchema<unknown, JobParts> = v.object({
  states: v.array(
    v.object({
      ...part,
      version: v.number(),
      former: v.exactOptional(v.object({ version: v.number(), before: v.number() })),
      migrates: v.boolean(),
    }),
  ),
  sources: v.array(v.object(part)),
  outputs: v.array(v.object(part)),
  lookBack: v.exactOptional(
    v.object({
      remembersMs: v.number(),
      longest: v.exactOptional(v.object({ label: v.string(), ms: v.number() })),
    }),
  ),
});

const payloads = {
  base: v.object({ identity, parts, dropped: v.array(v.string()), base }),
  planned: v.object({ input: v.object({ time, inputs }) }),
  prepared: v.object({ time, prepared }),
  committed: v.object({ time, states }),
  abandoned: v.object({ time, done: v.array(output) }),
} as const;

/** @throws Anything: the payload is not what an entry of this kind has. */
export function decodePayload(kindOfEntry: EntryKind, payload: Uint8Array): BatchLogEntry {
  const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  switch (kindOfEntry) {
    case "base":
      return { kind: "base", ...v.parse(payloads.base, json) };
    case "planned":
      return { kind: "planned", ...v.parse(payloads.planned, json) };
    case "prepared":
      return { kind: "prepared", ...v.parse(payloads.prepared, json) };
    case "committed":
      return { kind: "committed", ...v.parse(payloads.committed, json) };
    case "abandoned":
      return { kind: "abandoned", ...v.parse(payloads.abandoned, json) };
    default:
      return unreachable(kindOfEntry);
  }
}

export function encodePayload(entry: BatchLogEntry): Uint8Array {
  const { kind: _, ...rest } = entry;
  return Buffer.from(JSON.stringify(rest, plain));
}

function plain(this: Readonly<Record<string, unknown>>, key: string): unknown {
  const value = this[key]; // a Buffer, before its own toJSON
  if (value instanceof Map) return key === "states" ? plainStates(value) : [...value];
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  if (value === undefined && NULLED.has(key)) return null;
  return key === "copy" ? undefined : value; // of a block's content
}

function plainStates(states: CommittedBatches["states"]): unknown {
  return [...states].map(([name, heads]) => [name, plainHeads(heads)]);
}

function plainHeads({ batch, heads, former: before }: StateHeads): object {
  const plainer = { batch, heads: heads.map((head) => (head === undefined ? null : versionName(head))) };
  return before === undefined ? plainer : { ...plainer, former: { until: before.until, ...plainHeads(before.heads) } };
}

/** Fields that are always there. */
const NULLED: ReadonlySet<string> = new Set(["identity", "zeroTime", "pending", "prepared", "error", "afterMs"]);
