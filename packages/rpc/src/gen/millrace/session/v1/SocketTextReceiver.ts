// Original file: proto/millrace/session/v1/session_service.proto


export interface SocketTextReceiver {
  'host'?: (string);
  'port'?: (number);
}

export interface SocketTextReceiver__Output {
  'host': (string);
  'port': (number);
}
