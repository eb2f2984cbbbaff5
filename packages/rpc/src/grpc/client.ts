import { Client, type Metadata, type requestCallback, type StatusObject, status } from "@grpc/grpc-js";
import type { MethodDefinition } from "@grpc/proto-loader";
import { millis, SystemClock } from "@millrace/base";
import { formatAddress } from "../bind.ts";
import { peerUnreachable } from "../errors.ts";
import type { Session } from "../session.ts";
import { callMetadata, clientCredentials, clientOptions, type DialOptions } from "./channel.ts";
import { statusToError } from "./status.ts";
import { type StreamCodec, StreamSession } from "./stream-session.ts";

const CONNECT_TIMEOUT_MS = 5_000;

export type { requestCallback };

export function newClient(options: DialOptions): { readonly client: Client; readonly metadata: Metadata } {
  return {
    client: new Client(formatAddress(options.address), clientCredentials(options.tls), clientOptions),
    metadata: callMetadata(options.token),
  };
}

/**
 * Opens one session at once; what is sent before the server has accepted it waits. A failure to connect is told by
 * `onClose`; nothing is dialled again by itself.
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
  const giveUp = (options.clock ?? new SystemClock({ unref: true })).after(millis(timeoutMs), () =>
    session.fail(noAnswer(options, timeoutMs)),
  );
  call.on("metadata", () => {
    established = true;
    giveUp.cancel();
  });
  call.on("data", (group) => session.received(group));
  call.on("drain", () => session.drained());
  call.on("error", () => {}); // `status` says the same and comes for every end
  call.on("status", (end: StatusObject) => {
    giveUp.cancel();
    session.ended(end.code === status.OK ? undefined : statusToError(end, { address: options.address, established }));
    client.close();
  });
  return session;
}

export function noAnswer(options: DialOptions, timeoutMs: number): Error {
  const address = formatAddress(options.address);
  return peerUnreachable(
    `nobody answers at ${address} within ${timeoutMs} ms. Check the address, that the process there runs, and that a firewall lets the port through.`,
    { fields: { address } },
  );
}
