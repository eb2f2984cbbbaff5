import { messageMalformed } from "../errors.ts";

/**
 * A part that the protocol requires.
 *
 * @throws MESSAGE_MALFORMED It is missing: the other end is broken, or not a Millrace process.
 */
export function required<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw malformed(`it has no ${what}`);
  return value;
}

export function malformed(why: string): Error {
  return messageMalformed(
    `a message of the control plane violates the protocol: ${why}. The session ends, and is reopened. ` +
      `If this repeats, compare the Millrace versions on both machines.`,
  );
}

/**
 * A copy of the bytes: received bytes are part of a message's buffer, which would stay alive with them and be copied
 * whole when they are posted to a thread.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/**
 * The type that protobufjs writes: it accepts plain `Uint8Array`s, while the generated types ask for a `Buffer` or
 * text.
 */
export function wireBytes(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
