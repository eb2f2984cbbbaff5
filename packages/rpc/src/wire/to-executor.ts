import { type ExecutorId, epochMs, executorId, type JobConf, parseConf, streamId, unreachable } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import {
  type BlockLevel,
  blockId,
  type CheckpointProbe,
  type ReceiverSpec,
  type ShuffleWrite,
  shuffleId,
  stageRunId,
} from "@millrace/plan";
import type { ReceiverRunStart } from "@millrace/scheduler";
import type { BlockLevel__Output as BlockLevelOutput } from "../gen/millrace/session/v1/BlockLevel.ts";
import type { ReceiverRun__Output as RunOutput } from "../gen/millrace/session/v1/ReceiverRun.ts";
import type { Stage__Output as StageOutput } from "../gen/millrace/session/v1/Stage.ts";
import type {
  StartReceiver as StartInput,
  StartReceiver__Output as StartOutput,
} from "../gen/millrace/session/v1/StartReceiver.ts";
import type {
  ToExecutor as WireInput,
  ToExecutor__Output as WireOutput,
} from "../gen/millrace/session/v1/ToExecutor.ts";
import type { Welcome__Output as WelcomeOutput } from "../gen/millrace/session/v1/Welcome.ts";
import type { DataAddress, ReceivedLogPlace, ToExecutor } from "../session.ts";
import { decodeValues, encodeValues } from "./error.ts";
import {
  decodeKey,
  decodeLaunch,
  decodeLocation,
  decodeTemplate,
  encodeKey,
  encodeLaunch,
  encodeLocation,
  encodeTemplate,
  templateId,
} from "./plan.ts";
import { malformed, ownBytes, required, wireBytes } from "./required.ts";

type Message<Type extends ToExecutor["type"]> = Extract<ToExecutor, { readonly type: Type }>;

export function encodeToExecutor(message: ToExecutor): WireInput {
  switch (message.type) {
    case "welcome":
      return {
        welcome: {
          conf: encodeValues({ ...message.conf }),
          artefact: encodeLocation(message.artefact),
          data: message.data,
          ...(message.receivedLog === undefined ? {} : { receivedLog: message.receivedLog }),
          ...(message.probe === undefined ? {} : { probe: message.probe }),
        },
      };
    case "peers":
      return { peers: { peers: [...message.peers].map(([executor, data]) => ({ executor, data })) } };
    case "template":
      return { template: { id: message.template.id, body: encodeTemplate(message.template) } };
    case "stage":
      return { stage: encodeStage(message) };
    case "launch":
      return { launch: { tasks: message.tasks.map(encodeLaunch) } };
    case "cancel":
      return { cancel: { key: encodeKey(message.task) } };
    case "stageDone":
      return { stageDone: { run: message.run } };
    case "dropTemplates":
      return { dropTemplates: { templates: [...message.templates] } };
    case "dropShuffles":
      return { dropShuffles: { shuffles: [...message.shuffles] } };
    case "dropBlocks":
      return { dropBlocks: { blocks: [...message.blocks] } };
    case "copyBlocks":
      return { copyBlocks: { blocks: message.blocks.map(encodeLocation) } };
    case "startReceiver":
      return { startReceiver: encodeStart(message) };
    case "stopReceiver":
      return { stopReceiver: { stream: message.stream } };
    case "replicateTo":
      return { replicateTo: { stream: message.stream, ...(message.peer === undefined ? {} : { peer: message.peer }) } };
    case "receiverBacklog":
      return { receiverBacklog: { stream: message.stream, waitingBytes: message.bytes } };
    case "blocksTaken":
      return { blocksTaken: { stream: message.stream, blocks: [...message.blocks] } };
    case "settle":
      return { settle: {} };
    case "shutdown":
      return { shutdown: { graceful: message.graceful } };
    default:
      return unreachable(message);
  }
}

/** @throws MESSAGE_MALFORMED Parts are missing, or the type is unknown. */
export function decodeToExecutor(wire: WireOutput): ToExecutor {
  if (wire.launch) return { type: "launch", tasks: wire.launch.tasks.map(decodeLaunch) };
  if (wire.stage) return decodeStage(wire.stage);
  if (wire.stageDone) return { type: "stageDone", run: stageRunId(wire.stageDone.run) };
  if (wire.dropTemplates) return { type: "dropTemplates", templates: wire.dropTemplates.templates.map(templateId) };
  if (wire.dropShuffles) return { type: "dropShuffles", shuffles: wire.dropShuffles.shuffles.map(shuffleId) };
  if (wire.dropBlocks) return { type: "dropBlocks", blocks: wire.dropBlocks.blocks.map(blockId) };
  if (wire.copyBlocks) return { type: "copyBlocks", blocks: wire.copyBlocks.blocks.map(decodeLocation) };
  if (wire.blocksTaken) {
    return {
      type: "blocksTaken",
      stream: streamId(wire.blocksTaken.stream),
      blocks: wire.blocksTaken.blocks.map(blockId),
    };
  }
  if (wire.receiverBacklog) {
    return {
      type: "receiverBacklog",
      stream: streamId(wire.receiverBacklog.stream),
      bytes: wire.receiverBacklog.waitingBytes,
    };
  }
  if (wire.replicateTo) {
    const { stream, peer } = wire.replicateTo;
    return { type: "replicateTo", stream: streamId(stream), peer: peer === undefined ? undefined : executorId(peer) };
  }
  if (wire.template) return { type: "template", template: decodeTemplate(wire.template.body) };
  if (wire.welcome) return decodeWelcome(wire.welcome);
  if (wire.peers) {
    const peers = new Map<ExecutorId, DataAddress>();
    for (const { executor, data } of wire.peers.peers) {
      const { host, port } = required(data, "data address");
      peers.set(executorId(executor), { host, port });
    }
    return { type: "peers", peers };
  }
  if (wire.cancel) return { type: "cancel", task: decodeKey(wire.cancel.key) };
  if (wire.startReceiver) return decodeStart(wire.startReceiver);
  if (wire.stopReceiver) return { type: "stopReceiver", stream: streamId(wire.stopReceiver.stream) };
  if (wire.settle) return { type: "settle" };
  if (wire.shutdown) return { type: "shutdown", graceful: wire.shutdown.graceful };
  throw malformed("the driver sent a message of an unknown type");
}

function decodeWelcome(welcome: WelcomeOutput): Message<"welcome"> {
  const { host, port } = required(welcome.data, "data address");
  const conf: JobConf = parseConf(decodeValues(welcome.conf));
  return {
    type: "welcome",
    conf,
    artefact: decodeLocation(required(welcome.artefact, "artefact")),
    data: { host, port },
    receivedLog: decodeReceivedLog(welcome),
    probe: decodeProbe(welcome),
  };
}

function decodeReceivedLog({ receivedLog }: WelcomeOutput): ReceivedLogPlace | undefined {
  return receivedLog === null
    ? undefined
    : { directory: locationFrom(receivedLog.directory), epoch: receivedLog.epoch };
}

function decodeProbe({ probe }: WelcomeOutput): CheckpointProbe | undefined {
  return probe === null ? undefined : { ...probe, directory: locationFrom(probe.directory) };
}

function encodeStage(stage: Message<"stage">) {
  return {
    run: stage.run,
    batchMs: stage.batch,
    templates: [...stage.templates],
    captures: stage.captures.map(wireBytes),
    broadcasts: stage.broadcasts.map(encodeLocation),
    partitions: stage.partitions,
    ...(stage.limit === undefined ? {} : { limit: stage.limit }),
    ...(stage.writes === undefined ? {} : { writes: encodeWrites(stage.writes) }),
  };
}

function decodeStage(stage: StageOutput): Message<"stage"> {
  return {
    type: "stage",
    run: stageRunId(stage.run),
    batch: epochMs(stage.batchMs),
    templates: stage.templates.map(templateId),
    captures: stage.captures.map(ownBytes),
    broadcasts: stage.broadcasts.map(decodeLocation),
    partitions: stage.partitions,
    ...(stage.limit === undefined ? {} : { limit: stage.limit }),
    writes:
      stage.writes === null
        ? undefined
        : {
            shuffle: shuffleId(stage.writes.shuffle),
            partitions: stage.writes.partitions,
            ...(stage.writes.level === null ? {} : { level: decodeLevel(stage.writes.level) }),
          },
  };
}

function encodeStart(message: Message<"startReceiver">): StartInput {
  const common = {
    stream: message.stream,
    blockIntervalMs: message.blockIntervalMs,
    level: message.level,
    ...(message.replicateTo === undefined ? {} : { replicateTo: message.replicateTo }),
    run: encodeRun(message.input, message.run),
  };
  const { receiver } = message;
  switch (receiver.kind) {
    case "socketText":
      return { ...common, socketText: { host: receiver.host, port: receiver.port } };
    case "socket":
      return { ...common, socket: { host: receiver.host, port: receiver.port, decoder: wireBytes(receiver.decoder) } };
    case "rawSocket":
      return { ...common, rawSocket: { host: receiver.host, port: receiver.port } };
    case "iterable":
      return { ...common, iterable: { source: wireBytes(receiver.source) } };
    case "custom":
      return { ...common, custom: { receiver: wireBytes(receiver.receiver) } };
    default:
      return unreachable(receiver);
  }
}

function decodeStart(start: StartOutput): Message<"startReceiver"> {
  return {
    type: "startReceiver",
    stream: streamId(start.stream),
    receiver: decodeReceiver(start),
    blockIntervalMs: start.blockIntervalMs,
    level: decodeLevel(required(start.level, "level of a receiver")),
    replicateTo: start.replicateTo === undefined ? undefined : executorId(start.replicateTo),
    ...decodeRun(required(start.run, "run of a receiver")),
  };
}

function encodeRun(input: string, { epoch, run, after, position }: ReceiverRunStart) {
  return {
    ...{ input, epoch, run },
    ...(after === undefined ? {} : { after }),
    ...(position === undefined ? {} : { position: wireBytes(position) }),
  };
}

function decodeRun({ input, epoch, run, after, position }: RunOutput): Pick<Message<"startReceiver">, "input" | "run"> {
  const start = { epoch, run, after: after ?? undefined };
  return { input, run: { ...start, position: position === undefined ? undefined : ownBytes(position) } };
}

function decodeReceiver(start: StartOutput): ReceiverSpec {
  if (start.socketText) return { kind: "socketText", host: start.socketText.host, port: start.socketText.port };
  if (start.socket) {
    const { host, port, decoder } = start.socket;
    return { kind: "socket", host, port, decoder: ownBytes(decoder) };
  }
  if (start.rawSocket) return { kind: "rawSocket", host: start.rawSocket.host, port: start.rawSocket.port };
  if (start.iterable) return { kind: "iterable", source: ownBytes(start.iterable.source) };
  return { kind: "custom", receiver: ownBytes(required(start.custom, "receiver").receiver) };
}

function encodeWrites({ shuffle, partitions, level }: ShuffleWrite) {
  return level === undefined ? { shuffle, partitions } : { shuffle, partitions, level };
}

function decodeLevel({ memory, disk, replication }: BlockLevelOutput): BlockLevel {
  return { memory, disk, replication };
}
