// Original file: proto/millrace/session/v1/session_service.proto


export interface ReceivedLog {
  'directory'?: (string);
  'epoch'?: (number);
}

export interface ReceivedLog__Output {
  'directory': (string);
  'epoch': (number);
}
