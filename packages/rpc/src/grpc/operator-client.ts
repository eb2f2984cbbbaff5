import type { Client, ClientReadableStream, Metadata, ServiceError } from "@grpc/grpc-js";
import type { MethodDefinition } from "@grpc/proto-loader";
import { type Millis, SystemClock } from "@millrace/base";
import type { JobSummary, OperatorService } from "../cluster.ts";
import { messageMalformed } from "../errors.ts";
import type { Job__Output as JobOutput } from "../gen/millrace/operator/v1/Job.ts";
import {
  decodeBatch,
  decodeExecutor,
  decodeJob,
  decodeLogEntry,
  decodeWaits,
  encodeWaitsOf,
} from "../wire/operator.ts";
import { required, wireBytes } from "../wire/required.ts";
import { type DialOptions, GROUP_BYTES } from "./channel.ts";
import { newClient } from "./client.ts";
import { ARTEFACT_BYTES_MAX, artefactTooLarge } from "./operator-server.ts";
import { operatorService } from "./services.ts";
import { statusToError } from "./status.ts";

/** For calls that only query. A submission waits for the job's `build`, a stop for its last batch. */
const ASK_TIMEOUT_MS = 15_000;

/** A connection to a driver, opened with the first call. */
export interface OperatorClient extends OperatorService {
  /** @param within An upper limit for the wait, in addition to that of every query. */
  jobs(within?: Millis): Promise<readonly JobSummary[]>;
  close(): void;
}

/** The command line's side. Each call fails with the driver's own error, or PEER_UNREACHABLE, UNAUTHENTICATED, PROTOCOL_MISMATCH. */
export function operatorClient(options: DialOptions): OperatorClient {
  const { client, metadata } = newClient(options);
  const link: Link = { client, metadata, options };
  return {
    submit: (request) => submit(link, request),
    jobs: async (within) => (await ask(link, operatorService.Jobs, {}, within)).jobs.map(decodeJob),
    status: async (id) => decodeJob(await ask(link, operatorService.Status, { id })),
    batches: async (id) => (await ask(link, operatorService.Batches, { id })).batches.map(decodeBatch),
    executors: async () => (await ask(link, operatorService.Executors, {})).executors.map(decodeExecutor),
    drain: async (id) => void (await call(link, operatorService.Drain, { id }, undefined)),
    waits: (whose) => stream(link, operatorService.Waits, encodeWaitsOf(whose), decodeWaits),
    logs: (id, { follow }) => stream(link, operatorService.Logs, { id, follow }, decodeLogEntry),
    stop: async (id) => void (await call(link, operatorService.Stop, { id }, undefined)),
    kill: async (id) => void (await call(link, operatorService.Kill, { id }, undefined)),
    close: () => client.close(),
  };
}

interface Link {
  readonly client: Client;
  readonly metadata: Metadata;
  readonly options: DialOptions;
}

type Method<Request, Response> = MethodDefinition<Request, object, unknown, Response>;

function ask<Request, Response>(
  link: Link,
  method: Method<Request, Response>,
  request: Request,
  within: number = ASK_TIMEOUT_MS,
): Promise<Response> {
  return call(link, method, request, Math.min(within, ASK_TIMEOUT_MS));
}

function call<Request, Response>(
  link: Link,
  method: Method<Request, Response>,
  request: Request,
  timeoutMs: number | undefined,
): Promise<Response> {
  const { clock = new SystemClock() } = link.options;
  const deadline = timeoutMs === undefined ? {} : { deadline: clock.now() + timeoutMs };
  return new Promise((resolve, reject) => {
    link.client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      link.metadata,
      deadline,
      (error, response) => settle(link, error, response, resolve, reject),
    );
  });
}

function settle<Response>(
  link: Link,
  error: ServiceError | null,
  response: Response | undefined,
  resolve: (response: Response) => void,
  reject: (error: Error) => void,
): void {
  if (error !== null) void failure(link, error).then(reject);
  else if (response === undefined)
    reject(
      messageMalformed(
        "a call ended without an answer and without an error. Call again; if it happens again, report it.",
      ),
    );
  else resolve(response);
}

function failure({ options }: Link, error: ServiceError): Promise<Error> {
  const { address, tls, clock = new SystemClock() } = options;
  return statusToError(error, { address, tls, advertised: false, established: false, clock });
}

function submit(link: Link, request: Parameters<OperatorService["submit"]>[0]): ReturnType<OperatorService["submit"]> {
  const { artefact, name, conf, args, drop, availableNow } = request;
  if (artefact.byteLength > ARTEFACT_BYTES_MAX) return Promise.reject(artefactTooLarge(artefact.byteLength));
  const method: Method<object, JobOutput> = operatorService.Submit;
  return new Promise((resolve, reject) => {
    const upload = link.client.makeClientStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      link.metadata,
      (error, response) => settle(link, error, response, (job) => resolve(decodeJob(required(job, "job"))), reject),
    );
    upload.write({
      header: {
        ...(name === undefined ? {} : { name }),
        conf: { ...conf },
        args: [...args],
        drop: [...drop],
        artefactBytes: artefact.byteLength,
        availableNow,
      },
    });
    for (let at = 0; at < artefact.byteLength; at += GROUP_BYTES) {
      upload.write({ artefactChunk: wireBytes(artefact.subarray(at, at + GROUP_BYTES)) });
    }
    upload.end();
  });
}

async function* stream<Request, Message, Item>(
  link: Link,
  method: Method<Request, Message>,
  request: Request,
  decode: (message: Message) => Item,
): AsyncGenerator<Item> {
  const stream: ClientReadableStream<Message> = link.client.makeServerStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    request,
    link.metadata,
  );
  try {
    // A readable stream of this message.
    for await (const message of stream as AsyncIterable<Message>) yield decode(message);
  } catch (error) {
    throw await failure(link, error as ServiceError); // the only error a gRPC stream emits
  } finally {
    stream.cancel();
  }
}
