// Original file: proto/millrace/session/v1/session_service.proto


export interface Template {
  'id'?: (string);
  'body'?: (Buffer | Uint8Array | string);
}

export interface Template__Output {
  'id': (string);
  'body': (Buffer);
}
