// Original file: proto/millrace/session/v1/session_service.proto


export interface CheckpointProbe {
  'directory'?: (string);
  'name'?: (string);
  'content'?: (string);
}

export interface CheckpointProbe__Output {
  'directory': (string);
  'name': (string);
  'content': (string);
}
