import type { Socket } from "node:net";
import { CHUNK_BYTES, FRAME, frameHeader } from "./frame.ts";

/** Bytes passed to the socket before the kernel has taken the first of them: enough to keep it busy. */
const OUTSTANDING_BYTES = 4 * CHUNK_BYTES;

/**
 * Writes parts as `data` frames, straight from their memory, at the pace of the socket.
 *
 * @returns The bytes written, once the kernel has taken the last of them.
 * @throws The socket was closed first.
 */
export async function sendParts(socket: Socket, request: number, parts: Iterable<Uint8Array>): Promise<number> {
  const window = new SendWindow(socket);
  let sent = 0;
  for (const part of parts) {
    for (let at = 0; at < part.byteLength; at += CHUNK_BYTES) {
      const piece = part.subarray(at, at + CHUNK_BYTES);
      sent += piece.byteLength;
      window.write(request, piece);
      if (window.outstanding >= OUTSTANDING_BYTES) await window.until(OUTSTANDING_BYTES - CHUNK_BYTES);
    }
  }
  await window.until(0);
  return sent;
}

/** The bytes of one block that the kernel has not taken yet. */
class SendWindow {
  readonly #socket: Socket;
  outstanding = 0;
  #error: Error | undefined;
  #waiting: { readonly atMost: number; readonly wake: () => void } | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  write(request: number, piece: Uint8Array): void {
    const { byteLength } = piece;
    this.outstanding += byteLength;
    const socket = this.#socket;
    socket.cork();
    socket.write(frameHeader(FRAME.data, request, byteLength));
    socket.write(piece, (error) => {
      this.outstanding -= byteLength;
      if (error) this.#error = error;
      const waiting = this.#waiting;
      if (waiting !== undefined && (this.outstanding <= waiting.atMost || this.#error !== undefined)) waiting.wake();
    });
    socket.uncork();
  }

  async until(atMost: number): Promise<void> {
    while (this.outstanding > atMost && this.#error === undefined) {
      await new Promise<void>((wake) => {
        this.#waiting = { atMost, wake };
      });
    }
    this.#waiting = undefined;
    if (this.#error !== undefined) throw this.#error;
  }
}
