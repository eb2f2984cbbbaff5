// Original file: proto/millrace/session/v1/session_service.proto


export interface BlockLevel {
  'memory'?: (boolean);
  'disk'?: (boolean);
  'replication'?: (number);
}

export interface BlockLevel__Output {
  'memory': (boolean);
  'disk': (boolean);
  'replication': (number);
}
