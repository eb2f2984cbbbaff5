// Original file: proto/millrace/session/v1/session_service.proto


export interface StopReceiver {
  'stream'?: (number);
}

export interface StopReceiver__Output {
  'stream': (number);
}
