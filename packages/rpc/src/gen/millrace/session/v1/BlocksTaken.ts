// Original file: proto/millrace/session/v1/session_service.proto


export interface BlocksTaken {
  'stream'?: (number);
  'blocks'?: (string)[];
}

export interface BlocksTaken__Output {
  'stream': (number);
  'blocks': (string)[];
}
