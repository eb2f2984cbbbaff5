import { Client, type Metadata, type StatusObject, status as statusCodes } from "@grpc/grpc-js";
import type { MethodDefinition } from "@grpc/proto-loader";
import { millis, SystemClock } from "@millrace/base";
import { formatAddress } from "../bind.ts";
import type { Session } from "../session.ts";
import { callMetadata, clientChannel, type DialOptions } from "./channel.ts";
import { lookAt, notReached } from "./probe.ts";
import { type CallEnd, statusToError } from "./status.ts";
import { type StreamCodec, StreamSession } from "./stream-session.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const { OK } = statusCodes;

export function newClient(options: DialOptions): { readonly client: Client; readonly metadata: Metadata } {
  const { address, tls } = options;
  const channel = clientChannel(address, tls);
  return {
    client: new Client(formatAddress(address), channel.credentials, channel.options),
    metadata: callMetadata(options.token),
  };
}

/**
 * Opens one session at once; messages sent before the server has accepted it wait. A failure to connect is reported by
 * `onClose`; nothing is redialled here.
 */
export function openSession<Out, In, WireOut, WireIn>(
  method: MethodDefinition<
    { messages?: WireOut[]; last?: boolean },
    object,
    unknown,
    { readonly messages: readonly WireIn[] }
  >,
  codec: StreamCodec<Out, In, WireOut, WireIn>,
  options: DialOptions,
): Session<Out, In> {
  const { client, metadata } = newClient(options);
  const call = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, metadata);
  const session = new StreamSession<Out, In, WireOut, WireIn>(codec, {
    write: (group) => call.write(group),
    finish: () => {
      call.write({ last: true });
      call.end();
    },
    abort: () => call.cancel(),
  });
  let established = false;
  const timeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const clock = options.clock ?? new SystemClock({ unref: true });
  const end = { address: options.address, tls: options.tls, advertised: options.advertised === true, clock };
  const giveUp = clock.after(
    millis(timeoutMs),
    () =>
      void noAnswer(end, timeoutMs).then((error) => {
        if (!established) session.fail(error);
      }),
  );
  call.on("metadata", () => {
    established = true;
    giveUp.cancel();
  });
  call.on("data", (group) => session.received(group));
  call.on("drain", () => session.drained());
  call.on("error", () => {}); // `status` says the same and comes for every end
  call.on("status", (status: StatusObject) => {
    giveUp.cancel();
    client.close();
    if (status.code === OK) session.ended(undefined);
    else void statusToError(status, { ...end, established }).then((error) => session.ended(error));
  });
  return session;
}

async function noAnswer(end: Omit<CallEnd, "established">, timeoutMs: number): Promise<Error> {
  const details = `no answer within ${timeoutMs} ms`;
  return notReached(end.address, await lookAt(end.address, end.clock, end.tls), {
    details,
    tls: end.tls !== undefined,
    advertised: end.advertised,
  });
}
