import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { type Clock, EngineError, fromWireError, toWireError, type WireError } from "@millrace/base";
import { formatAddress } from "../bind.ts";
import {
  callFailed,
  messageMalformed,
  messageTooLarge,
  protocolMismatch,
  sessionLost,
  unauthenticated,
} from "../errors.ts";
import type { DataAddress } from "../session.ts";
import type { TlsSettings } from "../tls.ts";
import { decodeError, encodeError } from "../wire/error.ts";
import { lookAt, notReached } from "./probe.ts";
import { errorMessage } from "./services.ts";

const ERROR_TRAILER = "millrace-error-bin";
/** HTTP/2 peers refuse header blocks beyond about 16 KB; base64 adds a third. */
const TRAILER_BYTES_MAX = 6 * 1024;
const MESSAGE_CHARS_MAX = 2_000;

const statusOfCode: Readonly<Record<string, status>> = {
  [unauthenticated.code]: status.UNAUTHENTICATED,
  [protocolMismatch.code]: status.FAILED_PRECONDITION,
  [messageTooLarge.code]: status.RESOURCE_EXHAUSTED,
  [messageMalformed.code]: status.INVALID_ARGUMENT,
  JOB_UNKNOWN: status.NOT_FOUND,
};

const statusOfBlame = {
  user: status.FAILED_PRECONDITION,
  environment: status.ABORTED,
  engine: status.INTERNAL,
} as const;

/** The server's answer for a thrown error: a status, with the whole error in the trailer. */
export function errorToStatus(error: unknown): Partial<StatusObject> {
  const wire = toWireError(error);
  const metadata = new Metadata();
  metadata.set(ERROR_TRAILER, serializeBounded(wire));
  const code =
    error instanceof EngineError ? (statusOfCode[error.code] ?? statusOfBlame[error.blame]) : status.INTERNAL;
  return { code, details: headerText(wire.message), metadata };
}

export interface CallEnd {
  readonly address: DataAddress;
  readonly tls: TlsSettings | undefined;
  /** The driver gave the address, and no user did. */
  readonly advertised: boolean;
  /** The server had accepted the call. */
  readonly established: boolean;
  readonly clock: Clock;
}

/**
 * The error that a server put into its status; otherwise one with the transport's message and the result of probing the
 * address.
 */
export async function statusToError(from: StatusObject, at: CallEnd): Promise<Error> {
  return carriedError(from.metadata) ?? (await transportError(from, at));
}

function carriedError(metadata: Metadata): Error | undefined {
  const [bytes] = metadata.get(ERROR_TRAILER);
  if (!Buffer.isBuffer(bytes)) return undefined;
  try {
    return fromWireError(decodeError(errorMessage.deserialize(bytes)));
  } catch {
    return undefined; // whatever it was, the status itself is still reported
  }
}

async function transportError(from: StatusObject, at: CallEnd): Promise<Error> {
  const where = formatAddress(at.address);
  const fields = { address: where, status: status[from.code] };
  switch (from.code) {
    case status.RESOURCE_EXHAUSTED:
      return messageTooLarge(
        `a message between this process and ${where} exceeds the size limit: ${from.details}. The session ends. ` +
          `Large data travels as blocks: broadcast large captured values.`,
        { fields },
      );
    case status.UNIMPLEMENTED:
      return protocolMismatch(
        `${where} answers but does not offer this service: it is another kind of Millrace process, or another version. Check the port.`,
        { fields },
      );
    case status.INTERNAL:
    case status.UNKNOWN:
      return callFailed(`${where} failed without a reason: ${from.details}. Look at its log.`, { fields });
    default:
      return at.established
        ? sessionLost(`the connection to ${where} was lost: ${from.details}. Reconnecting fetches its state again.`, {
            fields,
          })
        : notReached(at.address, await lookAt(at.address, at.clock, at.tls), {
            details: plainDetails(from.details),
            tls: at.tls !== undefined,
            advertised: at.advertised,
          });
  }
}

/** The operating system's message, without grpc-js's account of the attempt. */
function plainDetails(details: string): string {
  return /Last error: (?:Error: )?(.+?)\. Resolution note:/.exec(details)?.[1] ?? details;
}

/** Stack and causes are dropped first if the whole would not fit a header. */
function serializeBounded(wire: WireError): Buffer {
  const { stack: _stack, cause: _cause, ...bare } = wire;
  const short = { ...bare, message: bare.message.slice(0, MESSAGE_CHARS_MAX) };
  const candidates: readonly WireError[] = [
    wire,
    { ...bare, ...(wire.stack === undefined ? {} : { stack: wire.stack.slice(0, 2_000) }) },
    bare,
    short,
  ];
  for (const candidate of candidates) {
    const bytes = errorMessage.serialize(encodeError(candidate));
    if (bytes.byteLength <= TRAILER_BYTES_MAX) return bytes;
  }
  return errorMessage.serialize(encodeError({ name: short.name, message: short.message }));
}

function headerText(text: string): string {
  return text.replace(/[\r\n]+/g, " ").slice(0, 500);
}
