import { type EngineError, fromWireError, toWireError, type WireError } from "@millrace/base";
import { decodeValue, emptyClassTable, encodeValue } from "@millrace/codec";
import { tokenMatches } from "../bind.ts";
import { versionsDiffer, wrongToken } from "../refusals.ts";
import { PROTOCOL_VERSION } from "../session.ts";
import { MAGIC, malformedFrame } from "./frame.ts";

/**
 * The payload of `hello`: u32 magic, u16 protocol version, then the token in UTF-8. Of `welcome`: u32 magic, u16
 * version. The format of these two never changes, so that any two versions can report each other's.
 */
export function helloPayload(token: string | undefined, version: number = PROTOCOL_VERSION): Buffer {
  return Buffer.concat([welcomePayload(version), Buffer.from(token ?? "", "utf8")]);
}

export function welcomePayload(version: number = PROTOCOL_VERSION): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt32LE(MAGIC, 0);
  payload.writeUInt16LE(version, 4);
  return payload;
}

/**
 * Why a caller is refused; `undefined` if it is accepted.
 *
 * @throws FRAME_MALFORMED It is not a Millrace process.
 */
export function checkHello(payload: Buffer, token: string | undefined): EngineError | undefined {
  const version = readVersion(payload);
  const given = payload.subarray(6).toString("utf8");
  if (!tokenMatches(token, given)) return wrongToken(given === "");
  if (version !== PROTOCOL_VERSION) return versionsDiffer(String(version));
  return undefined;
}

/** @throws FRAME_MALFORMED, PROTOCOL_MISMATCH */
export function checkWelcome(payload: Buffer): void {
  const version = readVersion(payload);
  if (version !== PROTOCOL_VERSION) throw versionsDiffer(String(version));
}

function readVersion(payload: Buffer): number {
  if (payload.byteLength < 6 || payload.readUInt32LE(0) !== MAGIC) {
    throw malformedFrame("it does not begin like a Millrace peer");
  }
  return payload.readUInt16LE(4);
}

const ERROR_BYTES_MAX = 60 * 1024;

export function errorPayload(error: unknown): Buffer {
  const wire = toWireError(error);
  const whole = encodeWire(wire);
  if (whole.byteLength <= ERROR_BYTES_MAX) return whole;
  const { stack: _stack, cause: _cause, ...bare } = wire;
  return encodeWire({ ...bare, message: bare.message.slice(0, 4_000) });
}

export function errorFromPayload(payload: Buffer): Error {
  const wire: unknown = decodeValue(payload, emptyClassTable);
  if (!isWireError(wire)) throw malformedFrame("an error that a peer sent has no name and message");
  return fromWireError(wire);
}

function encodeWire(wire: WireError): Buffer {
  const bytes = encodeValue(wire, emptyClassTable);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isWireError(value: unknown): value is WireError {
  if (typeof value !== "object" || value === null || !("name" in value) || !("message" in value)) return false;
  return typeof value.name === "string" && typeof value.message === "string"; // the rest is only shown
}
