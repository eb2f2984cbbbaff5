// Original file: proto/millrace/session/v1/session_service.proto


export interface DropTemplates {
  'templates'?: (string)[];
}

export interface DropTemplates__Output {
  'templates': (string)[];
}
