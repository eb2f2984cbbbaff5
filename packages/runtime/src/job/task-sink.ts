import { assert, unreachable } from "@millrace/base";
import { BlockWriter, partitionOf } from "@millrace/codec";
import { within } from "@millrace/files";
import type { ShufflePartitioner, StageSink } from "@millrace/plan";
import type { BlockHandle } from "@millrace/storage";
import { blame } from "../compile/blame.ts";
import { partitionOutOfRange, type SegmentState } from "../compile/segment-state.ts";
import type { StageProgram } from "../compile/stage-program.ts";
import { openOutput, type TaskOutput } from "../files/task-output.ts";
import { ResultOutput } from "../sink/result-output.ts";
import { ShuffleOutput } from "../sink/shuffle-output.ts";
import { isZipped, TextFile } from "../sink/text-file.ts";
import type { AccumulatedPairs, SpillingTable } from "../table/spilling-table.ts";
import type { SlotResult } from "../task.ts";
import { functionIn, type TaskEnvironment } from "./task-environment.ts";
import type { TaskRun } from "./task-run.ts";

type SinkOutcome =
  | {
      readonly kind: "mapOutput";
      readonly blocks: readonly (BlockHandle | undefined)[];
      readonly bytes: readonly number[];
      /** CRC-32 of the content of all blocks, in order. */
      readonly checksum: number;
    }
  | { readonly kind: "result"; readonly result: SlotResult };

interface Finished {
  readonly outcome: SinkOutcome;
  readonly recordsOut: number;
  readonly spilledBytes: number;
}

/** The destination of a task's records. */
export interface TaskSink {
  /** State for the last segment of the stage's pipeline. */
  readonly state: SegmentState;
  /** Completes the output, after the last record. */
  finish(): Finished | Promise<Finished>;
  /** Frees and removes everything, because the task failed. */
  discard(): void;
}

export function openSink(program: StageProgram, run: TaskRun, env: TaskEnvironment): TaskSink {
  const { sink } = program.template;
  switch (sink.kind) {
    case "shuffle":
      return shuffleSink(sink, program, run, env);
    case "saveText":
      return textSink(program, run, env);
    case "saveObjects":
      return objectsSink(program, run, env);
    case "collect":
    case "take":
    case "count":
    case "reduce":
    case "foreach":
    case "foreachPartition":
    case "external":
      return resultSink(sink, program, run, env);
    default:
      return unreachable(sink);
  }
}

function lastSegment(program: StageProgram) {
  const last = program.pipeline.segments.at(-1);
  assert(last !== undefined, "a stage has no last segment");
  return last;
}

function shuffleSink(
  sink: Extract<StageSink, { readonly kind: "shuffle" }>,
  program: StageProgram,
  run: TaskRun,
  env: TaskEnvironment,
): TaskSink {
  const { partitioner } = sink;
  const output = new ShuffleOutput({
    partitions: partitioner.partitions,
    pool: env.ports.pool,
    file: env.ports.newSpillFile(),
    classes: env.classes,
  });
  const last = lastSegment(program);
  const label = last.plan.terminalLabel;
  const place = partitionerOf(partitioner, env);
  const table = sink.combine && run.combining({ ...sink.combine, merge: sink.combine.mergeValue, label }, place);
  let written = 0;
  const empty = (full: SpillingTable): void => {
    try {
      for (const pairs of full.drain()) {
        env.control.check();
        writePairs(pairs, place, output.writers);
        written += pairs.keys.length;
      }
    } catch (error) {
      throw blame(error, label);
    }
  };
  const state = run.state(last, table?.table);
  state.writers = output.writers;
  state.next = env.task.partition % partitioner.partitions;
  return {
    state,
    finish: () => {
      if (table !== undefined) empty(table);
      const { blocks, bytes, checksum, spilledBytes } = output.finish();
      return {
        outcome: { kind: "mapOutput", blocks, bytes, checksum },
        recordsOut: table === undefined ? state.count : written,
        spilledBytes,
      };
    },
    discard: () => {
      table?.discard();
      output.discard();
    },
  };
}

/** The reduce partition of a key. @throws PARTITION_OUT_OF_RANGE by the job's own partitioner. */
function partitionerOf(partitioner: ShufflePartitioner, env: TaskEnvironment): (key: unknown) => number {
  const { partitions } = partitioner;
  if (partitioner.kind !== "custom") return partitions === 1 ? () => 0 : (key) => partitionOf(key, partitions);
  const fn = functionIn<(key: unknown) => number>(env, partitioner.fn);
  return (key) => {
    const partition = fn(key);
    if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return partition;
    throw partitionOutOfRange(partition, partitions, key);
  };
}

function writePairs(
  { keys, values }: AccumulatedPairs,
  place: (key: unknown) => number,
  writers: readonly BlockWriter[],
): void {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    const writer = writers[place(key)] as BlockWriter; // there is one for each place
    writer.writePair(key, values[i]);
  }
}

function resultSink(
  sink: Exclude<StageSink, { readonly kind: "shuffle" | "saveText" | "saveObjects" }>,
  program: StageProgram,
  run: TaskRun,
  env: TaskEnvironment,
): TaskSink {
  const output = new ResultOutput({ pool: env.ports.pool, file: env.ports.newSpillFile(), classes: env.classes });
  const last = lastSegment(program);
  const state = run.state(last);
  state.writer = output.writer;
  if (sink.kind === "take") {
    assert(env.limit !== undefined, "a stage that takes the first records has no limit");
    state.left = env.limit;
  }
  const writeLast = (): void => {
    if (sink.kind === "count") output.writer.write(state.count);
    if (sink.kind === "reduce" && state.has) output.writer.write(state.acc);
  };
  return {
    state,
    finish: () => {
      try {
        writeLast();
        const { result, spilledBytes } = output.finish();
        return { outcome: { kind: "result", result }, recordsOut: state.count, spilledBytes };
      } catch (error) {
        throw blame(error, last.plan.terminalLabel);
      }
    },
    discard: () => output.discard(),
  };
}

function textSink(program: StageProgram, run: TaskRun, env: TaskEnvironment): TaskSink {
  const { file, name, attempt } = outputFile(env);
  const text = new TextFile(file, isZipped(name));
  const state = run.state(lastSegment(program));
  state.text = text;
  return { ...savingSink(state, attempt, () => text.close()), discard: () => text.abandon() };
}

function objectsSink(program: StageProgram, run: TaskRun, env: TaskEnvironment): TaskSink {
  const { file, attempt } = outputFile(env);
  const writer = new BlockWriter({ classes: env.classes, flush: (frame) => file.write(frame) });
  const last = lastSegment(program);
  const state = run.state(last);
  state.writer = writer;
  const close = () => {
    try {
      writer.finish();
    } catch (error) {
      throw blame(error, last.plan.terminalLabel);
    }
    return file.close();
  };
  return { ...savingSink(state, attempt, close), discard: () => file.abandon() };
}

/** `attempt`: the file's name until the driver renames it, so that no two attempts write the same file. */
function outputFile({ task, ports }: TaskEnvironment): {
  readonly file: TaskOutput;
  readonly name: string;
  readonly attempt: string;
} {
  assert(task.output !== undefined, "a task that saves names no output");
  const { directory, file: name } = task.output;
  const attempt = `${task.attempt}-${name}`;
  return { file: openOutput(ports.files, within(directory, "_temporary", attempt), ports), name, attempt };
}

function savingSink(state: SegmentState, attempt: string, close: TaskOutput["close"]): Omit<TaskSink, "discard"> {
  return {
    state,
    finish: async () => {
      const result: SlotResult = { kind: "written", file: { file: attempt, ...(await close()) } };
      return { outcome: { kind: "result", result }, recordsOut: state.count, spilledBytes: 0 };
    },
  };
}
