// Original file: proto/millrace/session/v1/session_service.proto


export interface CustomReceiver {
  'receiver'?: (Buffer | Uint8Array | string);
}

export interface CustomReceiver__Output {
  'receiver': (Buffer);
}
