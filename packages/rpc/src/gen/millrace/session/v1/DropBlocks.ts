// Original file: proto/millrace/session/v1/session_service.proto


export interface DropBlocks {
  'blocks'?: (string)[];
}

export interface DropBlocks__Output {
  'blocks': (string)[];
}
