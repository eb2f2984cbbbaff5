// Original file: proto/millrace/session/v1/session_service.proto


export interface SocketReceiver {
  'host'?: (string);
  'port'?: (number);
  'decoder'?: (Buffer | Uint8Array | string);
}

export interface SocketReceiver__Output {
  'host': (string);
  'port': (number);
  'decoder': (Buffer);
}
