// Original file: proto/millrace/session/v1/session_service.proto


export interface IterableReceiver {
  'source'?: (Buffer | Uint8Array | string);
}

export interface IterableReceiver__Output {
  'source': (Buffer);
}
