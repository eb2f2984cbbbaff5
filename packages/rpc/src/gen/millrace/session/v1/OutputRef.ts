// Original file: proto/millrace/session/v1/session_service.proto


export interface OutputRef {
  'directory'?: (string);
  'file'?: (string);
}

export interface OutputRef__Output {
  'directory': (string);
  'file': (string);
}
