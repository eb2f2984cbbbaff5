import { emptyClassTable, encodeBlock } from "@millrace/codec";
import { badArgument } from "../errors.ts";

const LENGTH_BYTES = 4;
const BLOCK_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Records as one block for `ssc.rawSocketStream`: its length in 4 bytes, the highest first, then the records as the engine
 * keeps them. For programs that send to a job; write what this gives to the connection, and nothing else.
 *
 * @param records Anything that records may be, but for instances of classes.
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
