// Original file: proto/millrace/session/v1/session_service.proto


export interface RawSocketReceiver {
  'host'?: (string);
  'port'?: (number);
}

export interface RawSocketReceiver__Output {
  'host': (string);
  'port': (number);
}
