import { EngineError, epochMs } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import type {
  FixedInput,
  InputMemory,
  JobParts,
  LoggedBatches,
  NamedPart,
  NamedState,
  PendingBatch,
} from "@millrace/plan";
import { describe, expect, test } from "vitest";
import { changesInWords, compareParts, settleChanges, withoutParts } from "./changed-job.ts";

const at = epochMs;
type Of<Part> = Partial<Part> & { readonly name: string };
const part = (of: Of<NamedPart>): NamedPart => ({
  given: true,
  kind: "k",
  label: `${of.name} here`,
  place: 1,
  code: 1,
  ...of,
});
const state = (of: Of<NamedState>): NamedState => ({
  ...part(of),
  kind: "updateStateByKey",
  version: 1,
  migrates: false,
  ...of,
});
const parts = (of: {
  readonly states?: readonly Of<NamedState>[];
  readonly sources?: readonly Of<NamedPart>[];
  readonly outputs?: readonly Of<NamedPart>[];
}): JobParts => ({
  states: (of.states ?? []).map(state),
  sources: (of.sources ?? []).map(part),
  outputs: (of.outputs ?? []).map(part),
});
/** By its place, which its operations make, and its function. */
const unnamed = (name: string, place: number, code = 1) => ({ name, given: false, place, code });

const output = (name: string) => ({ id: 0, name, label: name });
const sink = (name: string) => ({ kind: "sink", output: output(name), written: [] }) as const;
const files = (name: string) =>
  ({
    kind: "files",
    output: output(name),
    staging: locationFrom("/.o"),
    directory: locationFrom("/o"),
    files: [],
  }) as const;
const pendingBatch: PendingBatch = {
  time: at(300),
  inputs: new Map([
    ["chat", { kind: "received", blocks: [], records: 7 }],
    ["rate", { kind: "rate", from: 0, until: 1, recordsPerSecond: 1, zeroTime: at(0) }],
  ]),
  states: new Map(),
  prepared: undefined,
  error: undefined,
  done: [],
};
const heads = (...names: readonly string[]) =>
  new Map(
    names.map((name) => [
      name,
      { batch: at(200), partitions: 2, heads: [{ batch: at(100), attempt: 0, epoch: 1 }, undefined] },
    ]),
  );
const log = (of: Partial<LoggedBatches> = {}, states: readonly string[] = []): LoggedBatches => ({
  zeroTime: at(0),
  committed: { last: at(200), states: heads(...states) },
  remembered: [],
  pending: undefined,
  memories: new Map(),
  memoriesAt: at(200),
  received: new Map(),
  ...of,
});
const file = { path: locationFrom("/in/a"), since: 100, version: "1", returns: 0, waiting: false };
const known = { kind: "files", afterMs: 5, known: [file] } as const;

/** `totals kept`, `visits differs, loses …` */
function found(logged: LoggedBatches, before: JobParts, now: JobParts): readonly string[] {
  return compareParts({ found: logged, before, now }).map(({ name, finding, loses }) => {
    return `${name} ${finding}${loses === undefined ? "" : ` and loses ${loses}`}`;
  });
}

const keys = "the keys in 1 of 2 partitions, last changed in batch 100";

test.each<[string, LoggedBatches, JobParts, JobParts, readonly string[]]>([
  [
    "nothing has changed",
    log({}, ["a"]),
    parts({ states: [{ name: "a" }] }),
    parts({ states: [{ name: "a" }] }),
    ["a kept"],
  ],
  [
    "named ones in another order, after other operations, with other code, among new ones",
    log({}, ["a", "b"]),
    parts({ states: [{ name: "a" }, { name: "b" }] }),
    parts({ states: [{ name: "c" }, { name: "b", place: 5, code: 6 }, { name: "a", place: 7 }] }),
    ["c new", "b kept", "a kept"],
  ],
  [
    "a state without an operation",
    log({}, ["a"]),
    parts({ states: [{ name: "a" }] }),
    parts({}),
    [`a differs and loses ${keys}`],
  ],
  ["one that never had a key", log(), parts({ states: [{ name: "a" }] }), parts({}), ["a differs"]],
  [
    "a renamed one takes over nothing",
    log({}, ["a"]),
    parts({ states: [{ name: "a" }] }),
    parts({ states: [{ name: "b" }] }),
    ["b new", `a differs and loses ${keys}`],
  ],
  [
    "another kind under the same name",
    log({}, ["a"]),
    parts({ states: [{ name: "a" }] }),
    parts({ states: [{ name: "a", kind: "mapWithState" }] }),
    [`a differs and loses ${keys}`],
  ],
  [
    "a version that is newer",
    log({}, ["a"]),
    parts({ states: [{ name: "a", version: 2 }] }),
    parts({ states: [{ name: "a", version: 1, migrates: true }] }),
    [`a differs and loses ${keys}`],
  ],
  [
    "an older one with a function migrate",
    log({}, ["a"]),
    parts({ states: [{ name: "a" }] }),
    parts({ states: [{ name: "a", version: 2, migrates: true }] }),
    ["a kept"],
  ],
  [
    "an older one without",
    log({}, ["a"]),
    parts({ states: [{ name: "a" }] }),
    parts({ states: [{ name: "a", version: 2 }] }),
    [`a differs and loses ${keys}`],
  ],
  [
    "a newer one that was declared, and of which nothing was committed",
    log({}, ["a"]),
    parts({ states: [{ name: "a", version: 2, former: { version: 1, before: 2 } }] }),
    parts({ states: [{ name: "a", version: 1 }] }),
    ["a kept"],
  ],
  [
    "a newer one that was declared, and written",
    log({}, ["a"]),
    parts({ states: [{ name: "a", version: 2, former: { version: 1, before: 1 } }] }),
    parts({ states: [{ name: "a", version: 1 }] }),
    [`a differs and loses ${keys}`],
  ],
  ["a state that nothing describes", log({}, ["a"]), parts({}), parts({}), [`a differs and loses ${keys}`]],
  [
    "sources: what was read, and what a batch is still to read",
    log({
      memories: new Map<string, InputMemory>([
        ["logs", known],
        ["kafka", { kind: "external", ranges: [new Uint8Array(), new Uint8Array()] }],
      ]),
      pending: pendingBatch,
    }),
    parts({ sources: [{ name: "logs" }, { name: "kafka" }, { name: "chat" }, { name: "rate" }] }),
    parts({}),
    [
      "logs differs and loses which files were read (1 are known)",
      "kafka differs and loses how far it was read",
      "chat differs and loses 7 records of batch 300, which is to run again",
      "rate differs",
    ],
  ],
  [
    "sources: what was read since the log had a base",
    log({
      memories: new Map<string, InputMemory>([
        ["logs", { kind: "files", afterMs: 5, known: [] }],
        ["idle", { kind: "files", afterMs: 5, known: [] }],
        ["kafka", { kind: "external", ranges: [] }],
      ]),
      memoriesAt: at(100),
      remembered: [
        {
          time: at(200),
          states: new Map(),
          inputs: new Map<string, FixedInput>([
            ["logs", { kind: "files", files: [{ path: file.path, version: "1", bytes: 1 }] }],
            ["kafka", { kind: "external", ranges: [new Uint8Array()] }],
          ]),
        },
      ],
    }),
    parts({ sources: [{ name: "logs" }, { name: "idle" }, { name: "kafka" }] }),
    parts({}),
    [
      "logs differs and loses which files were read (1 are known)",
      "idle differs",
      "kafka differs and loses how far it was read",
    ],
  ],
  [
    "a named source that reads elsewhere goes on, one without a name does not",
    log({
      memories: new Map([
        ["logs", known],
        ["input-1", known],
      ]),
    }),
    parts({
      sources: [
        { name: "logs", label: "textFileStream /a" },
        { ...unnamed("input-1", 1), label: "textFileStream /b" },
      ],
    }),
    parts({
      sources: [
        { name: "logs", label: "textFileStream /c" },
        { ...unnamed("input-1", 2), label: "textFileStream /d" },
      ],
    }),
    ["logs kept", "input-1 differs and loses which files were read (1 are known)"],
  ],
  [
    "outputs: writes of a sink that are to be committed, but not files, which need no output",
    log({
      pending: { ...pendingBatch, inputs: new Map(), prepared: { states: heads(), outputs: [sink("a"), files("b")] } },
    }),
    parts({ outputs: [{ name: "a" }, { name: "b" }] }),
    parts({ outputs: [{ name: "c" }] }),
    ["c new", "a differs and loses what it has written of batch 300, which is to be committed", "b differs"],
  ],
  [
    "an output that is committed already of a batch that runs again",
    log({ pending: { ...pendingBatch, inputs: new Map(), done: [output("a")] } }),
    parts({ outputs: [{ name: "a" }] }),
    parts({ outputs: [{ name: "b" }] }),
    ["b new", "a differs and loses that batch 300, which is to run again, is committed there"],
  ],
])("the changes of a job are found: %s", (_, logged, before, now, expected) => {
  expect(found(logged, before, now)).toEqual(expected);
});

describe("changes", () => {
  const findings = compareParts({
    found: log({ memories: new Map([["logs", known]]) }, ["totals", "visits"]),
    before: parts({ states: [{ name: "totals" }, { name: "visits" }], sources: [{ name: "logs" }] }),
    now: parts({ states: [{ name: "totals" }, { name: "fresh" }], outputs: [{ name: "out" }] }),
  });
  const settle = (drop: readonly string[], dropped: readonly string[] = []) =>
    settleChanges(findings, { directory: "/c", drop, dropped });
  const refusal = (drop: readonly string[], dropped?: readonly string[]): string => {
    try {
      settle(drop, dropped);
    } catch (error) {
      if (error instanceof EngineError) return error.message;
      throw error;
    }
    return "none";
  };

  test("that lose data are refused, each by name, unless all of them are to be dropped", () => {
    expect(refusal([])).toMatch(/^\[CHECKPOINT_MISMATCH\].*"visits": .* "logs": .*: --drop visits --drop logs\.$/);
    expect(refusal(["visits"])).toMatch(/CHECKPOINT_MISMATCH.*: --drop logs\.$/);
    const settled = settle(["visits", "logs"]);
    expect(changesInWords(settled)).toBe(
      'new, without data: state "fresh"; dropped, as asked: state "visits", source "logs"',
    );
  });

  test("may be dropped by a name that an earlier start has dropped, and by no other", () => {
    expect(refusal(["visits", "logs", "old"])).toMatch(
      /^\[DROP_UNKNOWN\].*old is not there\. .*What may be dropped: visits, logs/,
    );
    expect(refusal(["visits", "logs", "old"], ["old"])).toBe("none");
    expect(refusal(["vists"])).toMatch(/did you mean visits\?/);
    expect(refusal(["totals"])).toMatch(/totals goes on as it is/);
  });

  test("that lose nothing need no word", () => {
    expect(
      changesInWords({ dropped: [], fresh: findings.filter(({ part: of }) => of === "output"), filling: [] }),
    ).toBeUndefined();
  });
});

describe("a window that was made longer", () => {
  const remembering = (remembersMs: number): JobParts => ({ ...parts({}), lookBack: { remembersMs } });
  const windowOf = (ms: number): JobParts => ({
    ...parts({}),
    lookBack: { remembersMs: ms, longest: { label: "window at job.ts:4:6", ms } },
  });
  const fills = (before: JobParts, now: JobParts, of: Partial<LoggedBatches> = {}) =>
    compareParts({ found: log({ committed: { last: at(9_000), states: new Map() }, ...of }), before, now });

  test("is said to fill up, from when on it is full, and needs no word to be started", () => {
    const findings = fills(remembering(2_000), windowOf(5_000));
    expect(findings).toMatchObject([{ part: "window", finding: "fills", loses: undefined }]);
    expect(changesInWords(settleChanges(findings, { directory: "/c", drop: [], dropped: [] }))).toBe(
      'not full yet: window "window at job.ts:4:6": it looks back 5 s, and batches up to 7000 are not remembered: until batch 12000 it is without them',
    );
  });

  test.each<[string, JobParts, JobParts, Partial<LoggedBatches>]>([
    ["the job remembered as much", remembering(5_000), windowOf(5_000), {}],
    ["the job remembered all of its batches", remembering(2_000), windowOf(5_000), { zeroTime: at(7_000) }],
    ["only ssc.remember was raised", remembering(2_000), remembering(5_000), {}],
    ["the checkpoint does not say what was remembered", parts({}), windowOf(5_000), {}],
    ["no job has run yet", remembering(2_000), windowOf(5_000), { zeroTime: undefined }],
  ])("is not, if %s", (_, before, now, of) => {
    expect(fills(before, now, of)).toEqual([]);
  });
});

describe("imported state", () => {
  const found = log({ committed: { last: at(200), states: heads("totals") } });
  const before = parts({ states: [{ name: "totals", kind: "imported", label: "imported state", version: 2 }] });
  const now = (of: Partial<NamedState>) =>
    compareParts({ found, before, now: parts({ states: [{ name: "totals", version: 2, ...of }] }) })[0];

  test.each(["updateStateByKey", "mapWithState", "updateStatePartitions"])("is that of %s of its name", (kind) => {
    expect(now({ kind })).toMatchObject({ finding: "kept", loses: undefined });
    expect(now({ kind, given: false, place: 7, code: 7 })).toMatchObject({ finding: "kept", loses: undefined });
  });

  test("is not that of a window, nor of what places its keys by itself, nor of another version", () => {
    for (const kind of ["reduceByKeyAndWindow of 2 s", "updateStateByKey, placed by its own partitioner"])
      expect(now({ kind })).toMatchObject({ finding: "differs", why: expect.stringContaining("it was imported") });
    expect(now({ kind: "mapWithState", version: 3 })).toMatchObject({
      finding: "differs",
      why: expect.stringContaining("its values have version 2"),
    });
  });

  test("says nothing of sources, which no job has read yet", () => {
    const findings = compareParts({
      found,
      before,
      now: parts({ states: [{ name: "totals", version: 2 }, { name: "other" }], sources: [{ name: "chat" }] }),
    });
    const settled = settleChanges(findings, { directory: "d", drop: [], dropped: [] });
    expect(changesInWords(settled, true)).toBe('new, without data: state "other"');
  });
});

test("what is dropped is nowhere in the checkpoint any more", () => {
  const states = heads("totals", "visits");
  const batch = { ...pendingBatch, states };
  const logged = log({
    committed: { last: at(200), states },
    remembered: [{ ...batch, time: at(200) }],
    pending: {
      ...batch,
      prepared: { states, outputs: [sink("a")] },
      done: [output("a"), output("b")],
    },
    memories: new Map([["chat", known]]),
  });
  const before = parts({
    states: [{ name: "totals" }, { name: "visits" }],
    sources: [{ name: "chat" }],
    outputs: [{ name: "a" }],
  });
  const findings = compareParts({ found: logged, before, now: parts({ states: [{ name: "totals" }] }) });
  const left = withoutParts(
    logged,
    findings.filter(({ finding }) => finding === "differs"),
  );
  expect([...left.committed.states.keys()]).toEqual(["totals"]);
  expect(left.remembered.map(({ inputs, states: all }) => [[...inputs.keys()], [...all.keys()]])).toEqual([
    [["rate"], ["totals"]],
  ]);
  expect([...(left.pending?.inputs.keys() ?? [])]).toEqual(["rate"]);
  expect(left.pending?.prepared).toEqual({ states: heads("totals"), outputs: [] });
  expect(left.pending?.done).toEqual([output("b")]);
  expect(left.memories.size).toBe(0);
});
