// Original file: proto/millrace/session/v1/session_service.proto


export interface Shutdown {
  'graceful'?: (boolean);
}

export interface Shutdown__Output {
  'graceful': (boolean);
}
