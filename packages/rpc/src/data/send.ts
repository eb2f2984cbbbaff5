import type { Socket } from "node:net";
import { CHUNK_BYTES, FRAME, frameHeader } from "./frame.ts";

/**
 * Writes parts as `data` frames, straight from their memory, at the pace of the socket.
 *
 * @returns The bytes written, once the kernel has taken the last of them.
 * @throws When the socket is closed before.
 */
export async function sendParts(socket: Socket, request: number, parts: Iterable<Uint8Array>): Promise<number> {
  let sent = 0;
  for (const part of parts) {
    for (let at = 0; at < part.byteLength; at += CHUNK_BYTES) {
      const piece = part.subarray(at, at + CHUNK_BYTES);
      sent += piece.byteLength;
      if (!writePiece(socket, request, piece)) await drained(socket);
    }
  }
  if (sent > 0) await flushed(socket);
  return sent;
}

function writePiece(socket: Socket, request: number, piece: Uint8Array): boolean {
  socket.cork();
  socket.write(frameHeader(FRAME.data, request, piece.byteLength));
  const roomy = socket.write(piece);
  socket.uncork();
  return roomy;
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) {
      reject(new Error("the connection is closed"));
      return;
    }
    const done = (): void => {
      socket.off("close", closed);
      resolve();
    };
    const closed = (): void => {
      socket.off("drain", done);
      reject(new Error("the connection is closed"));
    };
    socket.once("drain", done);
    socket.once("close", closed);
  });
}

/** Resolves when everything written so far has left this process's memory. */
function flushed(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(new Uint8Array(0), (error) => (error ? reject(error) : resolve()));
  });
}
