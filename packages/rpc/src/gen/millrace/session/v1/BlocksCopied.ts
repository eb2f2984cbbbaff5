// Original file: proto/millrace/session/v1/session_service.proto


export interface BlocksCopied {
  'copied'?: (string)[];
  'failed'?: (string)[];
}

export interface BlocksCopied__Output {
  'copied': (string)[];
  'failed': (string)[];
}
