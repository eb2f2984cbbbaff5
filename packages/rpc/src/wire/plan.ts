import { branded, type ExecutorId, executorId, unreachable } from "@millrace/base";
import { decodeValue, emptyClassTable, encodeValue } from "@millrace/codec";
import { locationFrom } from "@millrace/files";
import {
  type BlockLocation,
  blockId,
  type Holder,
  type LaunchTask,
  type StageTemplate,
  stageRunId,
  type TaskInput,
  type TaskKey,
  type TemplateId,
} from "@millrace/plan";
import type {
  BlockLocation as BlockLocationInput,
  BlockLocation__Output as BlockLocationOutput,
} from "../gen/millrace/common/v1/BlockLocation.ts";
import type {
  LaunchTask as LaunchInput,
  LaunchTask__Output as LaunchOutput,
} from "../gen/millrace/session/v1/LaunchTask.ts";
import type {
  TaskInput as InputInput,
  TaskInput__Output as InputOutput,
} from "../gen/millrace/session/v1/TaskInput.ts";
import type { TaskKey as KeyInput, TaskKey__Output as KeyOutput } from "../gen/millrace/session/v1/TaskKey.ts";
import { ownBytes, required, wireBytes } from "./required.ts";
import { decodeState, encodeState } from "./state.ts";

export const holder = (text: string): Holder => (text === "driver" ? "driver" : executorId(text));

export function encodeLocation(location: BlockLocation): BlockLocationInput {
  const { id, bytes, at, copy, logged } = location;
  return {
    id,
    sizeBytes: bytes,
    at: [...at],
    ...(copy === undefined ? {} : { copy: wireBytes(copy) }),
    ...(logged === undefined ? {} : { logged }),
  };
}

export function decodeLocation(location: BlockLocationOutput): BlockLocation {
  const { id, sizeBytes, at, copy, logged } = location;
  const common = { id: blockId(id), bytes: sizeBytes, at: at.map(holder), ...(logged === null ? {} : { logged }) };
  return copy.byteLength === 0 ? common : { ...common, copy: ownBytes(copy) };
}

export const executorIds = (texts: readonly string[]): readonly ExecutorId[] => texts.map(executorId);

export function encodeKey(key: TaskKey): KeyInput {
  return { run: key.run, partition: key.partition, attempt: key.attempt };
}

export function decodeKey(key: KeyOutput | null): TaskKey {
  const { run, partition, attempt } = required(key, "task key");
  return { run: stageRunId(run), partition, attempt };
}

export function encodeLaunch(task: LaunchTask): LaunchInput {
  return {
    key: encodeKey(task),
    template: task.template,
    inputs: task.inputs.map(encodeInput),
    ...(task.state === undefined ? {} : { state: encodeState(task.state) }),
    ...(task.output === undefined ? {} : { output: task.output }),
    slot: task.slot,
  };
}

export function decodeLaunch(task: LaunchOutput): LaunchTask {
  return {
    ...decodeKey(task.key),
    template: task.template,
    inputs: task.inputs.map(decodeInput),
    ...(task.state === null ? {} : { state: decodeState(task.state) }),
    ...(task.output === null
      ? {}
      : { output: { directory: locationFrom(task.output.directory), file: task.output.file } }),
    slot: task.slot,
  };
}

function encodeInput(input: TaskInput): InputInput {
  switch (input.kind) {
    case "inline":
      return { inline: wireBytes(input.block) };
    case "blocks":
      return { blocks: { blocks: input.blocks.map(encodeLocation) } };
    case "file":
      return { file: { path: input.path, start: input.start, end: input.end, version: input.version } };
    case "external":
      return { external: wireBytes(input.range) };
    case "partition":
      return { partition: input.partition };
    default:
      return unreachable(input);
  }
}

function decodeInput(input: InputOutput): TaskInput {
  if (input.blocks) return { kind: "blocks", blocks: input.blocks.blocks.map(decodeLocation) };
  if (input.file) {
    const { path, start, end, version } = input.file;
    return { kind: "file", path: locationFrom(path), start, end, version };
  }
  if (input.input === "external") return { kind: "external", range: ownBytes(required(input.external, "range")) };
  if (input.input === "partition") return { kind: "partition", partition: required(input.partition, "partition") };
  return { kind: "inline", block: ownBytes(required(input.inline, "task input")) };
}

export const templateId = (text: string): TemplateId => branded<TemplateId>(text); // made by the planner, only carried here

export function encodeTemplate(template: StageTemplate): Buffer {
  return wireBytes(encodeValue(template, emptyClassTable));
}

export function decodeTemplate(body: Uint8Array): StageTemplate {
  return decodeValue(body, emptyClassTable) as StageTemplate; // written by encodeTemplate of the same protocol version
}
