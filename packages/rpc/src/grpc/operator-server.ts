import type { ServerReadableStream, ServerUnaryCall, ServerWritableStream, sendUnaryData } from "@grpc/grpc-js";
import { executorId, formatSize, jobId } from "@millrace/base";
import type { MemberSession, OperatorService } from "../cluster.ts";
import { messageTooLarge } from "../errors.ts";
import type { OperatorServiceHandlers } from "../gen/millrace/operator/v1/OperatorService.ts";
import type { SubmitHeader__Output as SubmitHeader } from "../gen/millrace/operator/v1/SubmitHeader.ts";
import type { SubmitRequest__Output as SubmitRequest } from "../gen/millrace/operator/v1/SubmitRequest.ts";
import {
  decodeWaitsOf,
  encodeBatch,
  encodeExecutor,
  encodeJob,
  encodeLogEntry,
  encodeWaits,
} from "../wire/operator.ts";
import { malformed, required } from "../wire/required.ts";
import { type ListenOptions, refusal } from "./channel.ts";
import { type PeerInfo, type RpcServer, startServer } from "./server.ts";
import { clusterService, operatorService } from "./services.ts";
import { clusterHandler } from "./sessions.ts";
import { errorToStatus } from "./status.ts";

/** The largest artefact of a job. */
export const ARTEFACT_BYTES_MAX: number = 256 << 20;

/**
 * The driver supervisor's side: one port for executor supervisors and operators.
 *
 * @throws INSECURE_BIND, BIND_FAILED, BAD_TLS
 */
export function listenCluster(
  options: ListenOptions & {
    readonly operator: OperatorService;
    readonly onMember: (session: MemberSession, info: PeerInfo) => void;
  },
): Promise<RpcServer> {
  return startServer(options, (server) => {
    server.addService(clusterService, clusterHandler(options.token, options.onMember));
    server.addService(operatorService, operatorHandlers(options.operator, options.token));
  });
}

function operatorHandlers(operator: OperatorService, token: string | undefined): OperatorServiceHandlers {
  const answer = <Request, Response>(work: (request: Request) => Promise<Response>) => {
    return (call: ServerUnaryCall<Request, Response>, done: sendUnaryData<Response>): void => {
      const refused = refusal(call.metadata, token);
      const result = refused === undefined ? attempt(() => work(call.request)) : Promise.reject(refused);
      result.then(
        (response) => done(null, response),
        (error: unknown) => done(errorToStatus(error)),
      );
    };
  };
  return {
    Submit: (call, done) => {
      const refused = refusal(call.metadata, token);
      const result = refused === undefined ? submit(operator, call) : Promise.reject(refused);
      result.then(
        (job) => done(null, job),
        (error: unknown) => done(errorToStatus(error)),
      );
    },
    Jobs: answer(async () => ({ jobs: (await operator.jobs()).map(encodeJob) })),
    Status: answer(async (request) => encodeJob(await operator.status(jobId(request.id)))),
    Batches: answer(async (request) => ({ batches: (await operator.batches(jobId(request.id))).map(encodeBatch) })),
    Executors: answer(async () => ({ executors: (await operator.executors()).map(encodeExecutor) })),
    Drain: answer(async (request) => {
      await operator.drain(executorId(request.id));
      return {};
    }),
    Logs: (call) => {
      const refused = refusal(call.metadata, token);
      const { id, follow } = call.request;
      if (refused !== undefined) call.emit("error", errorToStatus(refused));
      else stream(call, () => operator.logs(jobId(id), { follow }), encodeLogEntry);
    },
    Waits: (call) => {
      const refused = refusal(call.metadata, token);
      if (refused !== undefined) call.emit("error", errorToStatus(refused));
      else stream(call, () => operator.waits(decodeWaitsOf(call.request)), encodeWaits);
    },
    Stop: answer(async (request) => {
      await operator.stop(jobId(request.id));
      return {};
    }),
    Kill: answer(async (request) => {
      await operator.kill(jobId(request.id));
      return {};
    }),
  };
}

/** So that a service that throws synchronously fails only its call. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  return work();
}

async function submit(operator: OperatorService, call: ServerReadableStream<SubmitRequest, unknown>) {
  let header: SubmitHeader | undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const part of call as AsyncIterable<SubmitRequest>) {
    // a readable stream of this message
    if (part.header) header = part.header;
    if (!part.artefactChunk) continue;
    bytes += part.artefactChunk.byteLength;
    if (bytes > ARTEFACT_BYTES_MAX) throw artefactTooLarge(bytes);
    chunks.push(part.artefactChunk);
  }
  const { name, conf, args, drop, artefactBytes, availableNow } = required(header, "header of the submitted job");
  if (bytes !== artefactBytes) throw malformed(`the artefact has ${bytes} bytes of the ${artefactBytes} announced`);
  const artefact = new Uint8Array(Buffer.concat(chunks));
  return encodeJob(await operator.submit({ artefact, name, conf, args, drop, availableNow }));
}

export function artefactTooLarge(bytes: number): Error {
  return messageTooLarge(
    `the bundled job is larger than ${formatSize(ARTEFACT_BYTES_MAX)} and is refused. ` +
      `Data does not belong in the bundle: read it at run time, or install large packages on the executors.`,
    { fields: { bytes, bytesMax: ARTEFACT_BYTES_MAX } },
  );
}

function stream<Request, Item, Message>(
  call: ServerWritableStream<Request, Message>,
  items: () => AsyncIterable<Item>,
  encode: (item: Item) => Message,
): void {
  sendAll(call, items, encode).catch((error: unknown) => call.emit("error", errorToStatus(error)));
}

/** At the caller's pace: no item is asked for before the last one was sent. */
async function sendAll<Request, Item, Message>(
  call: ServerWritableStream<Request, Message>,
  items: () => AsyncIterable<Item>,
  encode: (item: Item) => Message,
): Promise<void> {
  const source = items()[Symbol.asyncIterator]();
  const gone = new Promise<void>((resolve) => call.once("cancelled", resolve));
  let caller = true;
  void gone.then(() => {
    caller = false;
  });
  try {
    while (caller) {
      const next = await Promise.race([source.next(), gone]);
      if (next === undefined || next.done === true) break;
      if (!call.write(encode(next.value))) {
        await Promise.race([new Promise((resolve) => call.once("drain", resolve)), gone]);
      }
    }
  } finally {
    // There may never be another item: the end is requested, not awaited.
    void source.return?.().catch(() => {});
  }
  call.end();
}
