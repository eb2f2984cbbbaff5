import { formatSize } from "@millrace/base";
import { frameMalformed, frameTooLarge } from "../errors.ts";

/**
 * The data plane's frames, little-endian:
 *
 *     u32 length of what follows (at most FRAME_BYTES_MAX)   u8 type   u32 request   payload
 *
 * A connection begins with one `hello` and is answered by `welcome` or `error`. The dialling end then sends requests,
 * any number, without waiting: `get`, or `put` (u64 bytes, id) followed by its `data`. An answer has the number of its
 * request; answers do not interleave:
 *
 *     get  →  found, data …, end (u64 bytes)  |  missing  |  error
 *     put, data …  →  stored  |  error
 *
 * A refused `put` is still sent to its end and discarded, so that the connection survives. An `error` with number 0 is
 * about the connection, which ends with it.
 */
export const FRAME = {
  hello: 1,
  welcome: 2,
  get: 3,
  put: 4,
  data: 5,
  found: 6,
  missing: 7,
  stored: 8,
  error: 9,
  end: 10,
} as const;

export type FrameType = (typeof FRAME)[keyof typeof FRAME];

const HEADER_BYTES = 9;
/** A block of any size travels in frames of at most this: no peer can make the other end wait for, or buffer, more. */
export const FRAME_BYTES_MAX: number = (1 << 20) + HEADER_BYTES;
/** Payload of one `data` frame. */
export const CHUNK_BYTES: number = 1 << 20;
/** "MLRC": distinguishes foreign bytes from truncated ones. */
export const MAGIC = 0x43524c4d;

const MAX_TYPE = 10;

export function frameHeader(type: FrameType, request: number, payloadBytes: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(payloadBytes + HEADER_BYTES - 4, 0);
  header.writeUInt8(type, 4);
  header.writeUInt32LE(request, 5);
  return header;
}

/** A u64 as the payload of `end`, or at the beginning of `put`. */
export function countPayload(count: number): Buffer {
  const payload = Buffer.allocUnsafe(8);
  payload.writeBigUInt64LE(BigInt(count), 0);
  return payload;
}

/** @throws FRAME_MALFORMED It is truncated or exceeds the range of a number. */
export function readCount(payload: Buffer): number {
  const count = payload.byteLength < 8 ? -1 : Number(payload.readBigUInt64LE(0));
  if (!Number.isSafeInteger(count) || count < 0) throw malformedFrame("its byte count is invalid");
  return count;
}

export function frame(type: FrameType, request: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const whole = Buffer.allocUnsafe(HEADER_BYTES + payload.byteLength);
  whole.writeUInt32LE(payload.byteLength + HEADER_BYTES - 4, 0);
  whole.writeUInt8(type, 4);
  whole.writeUInt32LE(request, 5);
  whole.set(payload, HEADER_BYTES);
  return whole;
}

/** Receives the output of the parser, in order. */
export interface FrameHandler {
  /** A complete frame of any type but `data`; the payload is valid only during the call. */
  frame(type: FrameType, request: number, payload: Buffer): void;
  /** A piece of a `data` frame, as read from the socket; valid only during the call. */
  data(request: number, piece: Buffer): void;
}

/** Control frames are small: an id, an error. Longer ones do not come from a Millrace peer. */
const CONTROL_BYTES_MAX = 64 * 1024;

/**
 * Splits a socket's bytes into frames. `data` is passed on piece by piece without a copy; other frames are assembled.
 */
export class FrameParser {
  readonly #handler: FrameHandler;
  readonly #header = Buffer.allocUnsafe(HEADER_BYTES);
  #headerBytes = 0;
  #type: FrameType = FRAME.hello;
  #request = 0;
  /** Remaining payload bytes of the current frame. */
  #left = 0;
  #gathered: Buffer | undefined;
  #gatheredBytes = 0;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** No partial frame is pending. */
  get atBoundary(): boolean {
    return this.#headerBytes === 0 && this.#left === 0;
  }

  /**
   * @throws FRAME_TOO_LARGE A length beyond the limit, before any of it is kept.
   * @throws FRAME_MALFORMED An unknown type or an impossible length.
   */
  push(input: Buffer): void {
    let at = 0;
    while (at < input.byteLength) {
      if (this.#left > 0) {
        const piece = input.subarray(at, at + this.#left);
        at += piece.byteLength;
        this.#left -= piece.byteLength;
        this.#payload(piece);
        continue;
      }
      const taken = input.copy(this.#header, this.#headerBytes, at, at + HEADER_BYTES - this.#headerBytes);
      at += taken;
      this.#headerBytes += taken;
      if (this.#headerBytes === HEADER_BYTES) this.#begin();
      else if (this.#headerBytes >= 4) checkLength(this.#header.readUInt32LE(0));
    }
  }

  #begin(): void {
    const length = this.#header.readUInt32LE(0);
    checkLength(length);
    const type = this.#header.readUInt8(4);
    if (!isType(type)) throw malformedFrame(`its type is ${type}`);
    this.#headerBytes = 0;
    this.#type = type;
    this.#request = this.#header.readUInt32LE(5);
    this.#left = length - (HEADER_BYTES - 4);
    if (type === FRAME.data) return;
    if (this.#left > CONTROL_BYTES_MAX) throw tooLarge(this.#left, CONTROL_BYTES_MAX);
    this.#gathered = Buffer.allocUnsafe(this.#left);
    this.#gatheredBytes = 0;
    if (this.#left === 0) this.#handler.frame(type, this.#request, this.#gathered);
  }

  #payload(piece: Buffer): void {
    if (this.#type === FRAME.data) {
      this.#handler.data(this.#request, piece);
      return;
    }
    const gathered = this.#gathered;
    if (gathered === undefined) throw malformedFrame("its parts are out of order");
    piece.copy(gathered, this.#gatheredBytes);
    this.#gatheredBytes += piece.byteLength;
    if (this.#left === 0) {
      this.#gathered = undefined;
      this.#handler.frame(this.#type, this.#request, gathered);
    }
  }
}

function isType(type: number): type is FrameType {
  return type >= 1 && type <= MAX_TYPE;
}

function checkLength(length: number): void {
  if (length > FRAME_BYTES_MAX - 4) throw tooLarge(length, FRAME_BYTES_MAX - 4);
  if (length < HEADER_BYTES - 4) throw malformedFrame(`its length is ${length}`);
}

function tooLarge(bytes: number, bytesMax: number): Error {
  return frameTooLarge(
    `a frame of ${formatSize(bytes)} was announced where at most ${formatSize(bytesMax)} are allowed. This connection is closed; others are not affected. ` +
      `If a Millrace process sent it, compare the versions; if not, something else dials the data port.`,
    { fields: { bytes, bytesMax } },
  );
}

export function malformedFrame(why: string): Error {
  return frameMalformed(
    `a frame on the data plane violates the protocol: ${why}. This connection is closed; others are not affected. ` +
      `If a Millrace process sent it, compare the versions; if not, something else dials the data port.`,
  );
}
