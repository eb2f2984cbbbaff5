import { didYouMean, type EngineError, type ErrorFactory, errorKind, formatDuration, millis } from "@millrace/base";
import {
  type FixedInput,
  IMPORTED,
  type JobParts,
  type LoggedBatches,
  type NamedPart,
  type NamedState,
  type RememberedBatch,
  type StateHeads,
} from "@millrace/plan";
import { certainParts } from "./unnamed-parts.ts";

/** What an earlier run has left, and what is declared now. */
export interface ChangedJob {
  readonly found: LoggedBatches;
  /** The parts of the job when it last ran. */
  readonly before: JobParts;
  readonly now: JobParts;
}

type PartOf = "state" | "source" | "output" | "window";

/** What the checkpoint and the job have under one name. */
export interface PartFinding {
  readonly part: PartOf;
  readonly name: string;
  /** `kept`: it goes on. `new`: it starts empty. `differs`: what the checkpoint has cannot be taken over. `fills`: a window needs more than it has. */
  readonly finding: "kept" | "new" | "differs" | "fills";
  readonly now: NamedPart | undefined;
  readonly before: NamedPart | undefined;
  /** Why it differs, with the remedy other than dropping it; or what is missing. */
  readonly why: string;
  /** What would be lost; `undefined`: nothing, and the job may start. */
  readonly loses: string | undefined;
}

/**
 * Compares a checkpoint with the job that is to go on from it, name by name: those of the job first, in the order of
 * declaration. Pure.
 */
export function compareParts({ found, before, now }: ChangedJob): readonly PartFinding[] {
  return [
    ...comparePart("state", withUndescribed(before.states, found), now.states, {
      differs: stateDiffers,
      loses: ({ name }) => lostState(found.committed.states.get(name)),
    }),
    ...comparePart("source", before.sources, now.sources, {
      differs: sourceDiffers,
      loses: ({ name }) => sourceInWords(found, name),
    }),
    ...comparePart("output", before.outputs, now.outputs, {
      differs: (was, is) => (was.kind === is.kind ? undefined : `it is ${was.label}, and now ${is.label}`),
      loses: ({ name }) => outputInWords(found, name),
    }),
    ...fillingWindow({ found, before, now }),
  ];
}

/** The longest window, if it looks back on batches that the job did not remember when it last ran. */
function fillingWindow({ found, before, now }: ChangedJob): readonly PartFinding[] {
  const { longest } = now.lookBack ?? {};
  const { zeroTime, committed, pending } = found;
  if (longest === undefined || before.lookBack === undefined || zeroTime === undefined) return [];
  const forgotten = (pending?.time ?? committed.last) - before.lookBack.remembersMs;
  if (longest.ms <= before.lookBack.remembersMs || forgotten <= zeroTime) return [];
  const why =
    `it looks back ${formatDuration(millis(longest.ms))}, and batches up to ${forgotten} are not remembered: ` +
    `until batch ${forgotten + longest.ms} it is without them`;
  const nothing = { now: undefined, before: undefined, loses: undefined };
  return [{ part: "window", name: longest.label, finding: "fills", why, ...nothing }];
}

interface Rules<Part> {
  /** Why data of the one cannot go on as data of the other; `undefined`: it can. */
  readonly differs: (was: Part, is: Part) => string | undefined;
  readonly loses: (was: Part) => string | undefined;
}

function comparePart<Part extends NamedPart>(
  part: PartOf,
  before: readonly Part[],
  now: readonly Part[],
  { differs, loses }: Rules<Part>,
): readonly PartFinding[] {
  const known = new Map(before.map((was) => [was.name, was]));
  const certain = certainParts(before, now);
  const findings = now.map((is): PartFinding => {
    const was = known.get(is.name);
    known.delete(is.name);
    const about = { part, name: is.name, now: is, before: was };
    if (was === undefined) return { ...about, finding: "new", why: "", loses: undefined };
    // Whoever imports state says which part it is for.
    const difference = certain.has(is.name) || was.kind === IMPORTED ? differs(was, is) : uncertain(was, is);
    if (difference === undefined) return { ...about, finding: "kept", why: "", loses: undefined };
    return { ...about, finding: "differs", why: difference, loses: loses(was) };
  });
  for (const was of known.values()) {
    const about = { part, name: was.name, now: undefined, before: was };
    const why = `the job has no ${part} of that name now; it was ${was.label}. If it has another name, give it this one: .named(${JSON.stringify(was.name)})`;
    findings.push({ ...about, finding: "differs", why, loses: loses(was) });
  }
  return findings;
}

/** The newest version that values of a state may have: a run that was to write a newer one may have committed nothing. */
export function writtenVersion({ name, version, former }: NamedState, { committed }: LoggedBatches): number {
  if (former === undefined) return version;
  const heads = committed.states.get(name)?.heads ?? [];
  return heads.some((head) => head !== undefined && head.epoch >= former.before) ? version : former.version;
}

/** Kinds of state that consist of keys with their values, placed by their hashes. */
const IMPORTABLE: ReadonlySet<string> = new Set(["updateStateByKey", "mapWithState", "updateStatePartitions"]);

/** The parts of a job, as its checkpoint describes them from an epoch on. */
export function describedParts({ found, before, now }: ChangedJob, epoch: number): JobParts {
  const states = now.states.map((is): NamedState => {
    const was = before.states.find(({ name }) => name === is.name);
    const version = was === undefined || !found.committed.states.has(is.name) ? is.version : writtenVersion(was, found);
    return version === is.version ? is : { ...is, former: { version, before: epoch } };
  });
  return { ...now, states };
}

/** States, in the version in which they are written; one that nothing describes is not passed over. */
function withUndescribed(states: readonly NamedState[], found: LoggedBatches): readonly NamedState[] {
  const described = new Set(states.map(({ name }) => name));
  const asWritten = states.map((state) => ({ ...state, version: writtenVersion(state, found) }));
  const others = [...found.committed.states.keys()].filter((name) => !described.has(name));
  const unknown = { given: true, kind: "unknown", place: 0, code: 0, version: 1, migrates: false };
  return [...asWritten, ...others.map((name) => ({ ...unknown, name, label: name }))];
}

function uncertain(was: NamedPart, is: NamedPart): string {
  return (
    `it has its name by its place, and was ${was.label}; the operations around it have changed, so that ${is.label} may be another one. ` +
    `Give the one that it belongs to this name, .named(${JSON.stringify(was.name)}), and names to the others`
  );
}

function stateDiffers(was: NamedState, is: NamedState): string | undefined {
  if (was.kind === IMPORTED && !IMPORTABLE.has(is.kind))
    return `it was imported, and ${is.label} is ${is.kind}, which keeps something else than a value for each key, or keeps it elsewhere`;
  if (was.kind !== is.kind && was.kind !== IMPORTED)
    return `it is state of ${was.kind}, and ${is.label} is now ${is.kind}`;
  if (was.version === is.version) return undefined;
  const versions = `its values have version ${was.version}, and ${is.label} has version ${is.version}`;
  if (was.version > is.version) return `${versions}, which is older`;
  return is.migrates ? undefined : `${versions} and no function migrate`;
}

/** Without a given name, a source is what it reads. */
function sourceDiffers(was: NamedPart, is: NamedPart): string | undefined {
  if (was.kind === is.kind && (was.given || is.given || was.label === is.label)) return undefined;
  const remedy =
    was.kind === is.kind ? `. If it is the same, give it the name: .named(${JSON.stringify(was.name)})` : "";
  return `it is ${was.label}, and now ${is.label}${remedy}`;
}

function lostState(state: StateHeads | undefined): string | undefined {
  if (state === undefined) return undefined;
  const changed = state.heads.flatMap((head) => (head === undefined ? [] : [head.batch]));
  const all = `${state.partitions} partition${state.partitions === 1 ? "" : "s"}`;
  if (changed.length === 0) return `the knowledge that ${all} had no key up to batch ${state.batch}`;
  return `the keys in ${changed.length} of ${all}, last changed in batch ${Math.max(...changed)}`;
}

/** What a checkpoint has of a source, in words; `undefined`: nothing. */
export function sourceInWords(found: LoggedBatches, name: string): string | undefined {
  const { memories, memoriesAt, remembered, pending, received } = found;
  const memory = memories.get(name);
  const since = remembered.filter(({ time }) => time > memoriesAt).map(({ inputs }) => inputs.get(name));
  const parts: string[] = [];
  const known = memory?.kind === "files" ? memory.known.length : 0;
  const files = since.reduce((sum, fixed) => sum + (fixed?.kind === "files" ? fixed.files.length : 0), known);
  if (files > 0) parts.push(`which files were read (${files} are known)`);
  const ranges = memory?.kind === "external" ? memory.ranges.length : 0;
  if (ranges > 0 || since.some((fixed) => fixed?.kind === "external" && fixed.ranges.length > 0))
    parts.push("how far it was read");
  if (received.get(name)?.position !== undefined) parts.push("how far it has received");
  const fixed = pending?.prepared === undefined ? pending?.inputs.get(name) : undefined;
  const given = fixed && inputInWords(fixed);
  if (given !== undefined) parts.push(`${given} of batch ${pending?.time}, which is to run again`);
  return parts.length === 0 ? undefined : parts.join(", and ");
}

function inputInWords(fixed: FixedInput): string | undefined {
  switch (fixed.kind) {
    case "received":
      return fixed.records === 0 ? undefined : `${fixed.records} records`;
    case "files":
      return fixed.files.length === 0 ? undefined : `${fixed.files.length} files`;
    case "external":
      return fixed.ranges.length === 0 ? undefined : `${fixed.ranges.length} ranges`;
    default:
      return undefined; // it can be made anew
  }
}

/** What a checkpoint has of an output that needs it, in words; `undefined`: nothing. */
export function outputInWords({ pending }: LoggedBatches, name: string): string | undefined {
  if (pending === undefined) return undefined;
  const { time, prepared, done } = pending;
  if (done.some((output) => output.name === name))
    return `that batch ${time}, which is to run again, is committed there`;
  const written = prepared?.outputs.find(({ output }) => output.name === name);
  // Files can be made visible without the output that wrote them.
  return written?.kind === "sink" ? `what it has written of batch ${time}, which is to be committed` : undefined;
}

/** A checkpoint without what is to be dropped. */
export function withoutParts(found: LoggedBatches, dropped: readonly PartFinding[]): LoggedBatches {
  const names = (part: PartOf) => new Set(dropped.filter((one) => one.part === part).map(({ name }) => name));
  const [states, sources, outputs] = [names("state"), names("source"), names("output")];
  const remembered = <Batch extends RememberedBatch>(batch: Batch): Batch => ({
    ...batch,
    inputs: without(batch.inputs, sources),
    states: without(batch.states, states),
  });
  const { committed, pending } = found;
  const prepared = pending?.prepared && {
    states: without(pending.prepared.states, states),
    outputs: pending.prepared.outputs.filter(({ output }) => !outputs.has(output.name)),
  };
  return {
    ...found,
    committed: { ...committed, states: without(committed.states, states) },
    remembered: found.remembered.map(remembered),
    pending: pending && {
      ...remembered(pending),
      prepared,
      done: pending.done.filter(({ name }) => !outputs.has(name)),
    },
    memories: without(found.memories, sources),
    received: without(found.received, sources),
  };
}

function without<T>(map: ReadonlyMap<string, T>, names: ReadonlySet<string>): ReadonlyMap<string, T> {
  return new Map([...map].filter(([name]) => !names.has(name)));
}

/** How the changes of a job are settled before it starts. */
export interface SettledChanges {
  /** What is removed from the checkpoint. */
  readonly dropped: readonly PartFinding[];
  /** What starts empty though the checkpoint has other data. */
  readonly fresh: readonly PartFinding[];
  /** What begins with less than it needs. */
  readonly filling: readonly PartFinding[];
}

export interface DropRequest {
  /** The checkpoint directory, for messages. */
  readonly directory: string;
  /** The names that may be dropped. */
  readonly drop: readonly string[];
  /** Names that earlier starts have dropped: the same command may be repeated. */
  readonly dropped: readonly string[];
}

/**
 * Decides whether a job may start on a checkpoint.
 *
 * @throws CHECKPOINT_MISMATCH Something would be lost, and is not to be dropped.
 * @throws DROP_UNKNOWN There is nothing of a name that is to be dropped.
 */
export function settleChanges(
  findings: readonly PartFinding[],
  { directory, drop, dropped }: DropRequest,
): SettledChanges {
  const given = new Set(drop);
  const refused = findings.filter(({ loses, name }) => loses !== undefined && !given.has(name));
  const names = new Set([...findings.filter(differs).map(({ name }) => name), ...dropped]);
  const unknown = drop.filter((name) => !names.has(name));
  if (unknown.length > 0) throw unknownDrops(unknown, findings, directory);
  if (refused.length > 0) throw mismatch(refused, directory);
  return {
    dropped: findings.filter((one) => differs(one) && given.has(one.name)),
    fresh: findings.filter(({ finding }) => finding === "new"),
    filling: findings.filter(({ finding }) => finding === "fills"),
  };
}

const differs = ({ finding }: PartFinding): boolean => finding === "differs";

const checkpointMismatch: ErrorFactory = errorKind("CHECKPOINT_MISMATCH", "user");
const dropUnknown: ErrorFactory = errorKind("DROP_UNKNOWN", "user");

function mismatch(refused: readonly PartFinding[], directory: string): EngineError {
  const drops = [...new Set(refused.map(({ name }) => `--drop ${name}`))].join(" ");
  return checkpointMismatch(
    `the checkpoint directory ${directory} has data that the job does not take over as it is now. ${refused.map(inWords).join(" ")} ` +
      `The job is not started, and nothing was changed. To start it without that data: ${drops}.`,
    { fields: { directory, names: refused.map(({ name }) => name).join(" ") } },
  );
}

/** `The state "totals": why. This would be lost: …` */
function inWords({ part, name, why, loses }: PartFinding): string {
  return `The ${part} ${JSON.stringify(name)}: ${why}. It would lose ${loses}.`;
}

function unknownDrops(unknown: readonly string[], findings: readonly PartFinding[], directory: string): EngineError {
  const lossy = findings.filter(differs).map(({ name }) => name);
  const kept = new Set(findings.filter(({ finding }) => finding === "kept").map(({ name }) => name));
  const each = unknown.map((name) =>
    kept.has(name) ? `${name} goes on as it is` : `${name} is not there${didYouMean(name, lossy)}`,
  );
  const droppable = lossy.length === 0 ? "Nothing needs to be dropped" : `What may be dropped: ${lossy.join(", ")}`;
  return dropUnknown(
    `--drop names what the checkpoint directory ${directory} does not have to drop: ${each.join("; ")}. The job is not started. ${droppable}.`,
    { fields: { directory, names: unknown.join(" ") } },
  );
}

/**
 * What has changed, for a warning; `undefined`: all that keeps data goes on.
 *
 * @param imported No job has run yet: only state may have been expected to be there.
 */
export function changesInWords({ dropped, fresh, filling }: SettledChanges, imported = false): string | undefined {
  const list = (all: readonly PartFinding[]): string =>
    all.map(({ part, name }) => `${part} ${JSON.stringify(name)}`).join(", ");
  // An output has nothing to begin with.
  const begins = fresh.filter(({ part }) => (imported ? part === "state" : part !== "output"));
  const parts = [
    ...(begins.length === 0 ? [] : [`new, without data: ${list(begins)}`]),
    ...(dropped.length === 0 ? [] : [`dropped, as asked: ${list(dropped)}`]),
    ...filling.map((one) => `not full yet: ${list([one])}: ${one.why}`),
  ];
  return parts.length === 0 ? undefined : parts.join("; ");
}
