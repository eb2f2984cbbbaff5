// Original file: proto/millrace/session/v1/session_service.proto


export interface ReplicateTo {
  'stream'?: (number);
  'peer'?: (string);
  '_peer'?: "peer";
}

export interface ReplicateTo__Output {
  'stream': (number);
  'peer'?: (string);
  '_peer'?: "peer";
}
