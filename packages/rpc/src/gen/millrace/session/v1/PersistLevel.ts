// Original file: proto/millrace/session/v1/session_service.proto


export interface PersistLevel {
  'memory'?: (boolean);
  'disk'?: (boolean);
  'replication'?: (number);
}

export interface PersistLevel__Output {
  'memory': (boolean);
  'disk': (boolean);
  'replication': (number);
}
