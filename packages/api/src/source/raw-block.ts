import { emptyClassTable, encodeBlock } from "@millrace/codec";
import { badArgument } from "../errors.ts";

const LENGTH_BYTES = 4;
const BLOCK_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Encodes records as one block for `ssc.rawSocketStream`: its length in 4 bytes, big-endian, then the records in the
 * engine's format. For programs that send to a job; write the result to the connection, and nothing else.
 *
 * @param records Any valid records except instances of classes.
 * @throws RECORD_NOT_ENCODABLE, RECORD_TOO_LARGE
 * @throws BAD_ARGUMENT They take more than 256 MB.
 */
export function rawBlock(records: Iterable<unknown>): Uint8Array {
  const block = encodeBlock(records, emptyClassTable);
  if (block.byteLength > BLOCK_BYTES_MAX) {
    throw badArgument(
      `the records given to rawBlock take ${block.byteLength} bytes, more than ${BLOCK_BYTES_MAX}. Send them in several blocks.`,
    );
  }
  const framed = new Uint8Array(LENGTH_BYTES + block.byteLength);
  new DataView(framed.buffer).setUint32(0, block.byteLength);
  framed.set(block, LENGTH_BYTES);
  return framed;
}
