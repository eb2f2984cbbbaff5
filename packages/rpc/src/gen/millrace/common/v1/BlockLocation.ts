// Original file: proto/millrace/common/v1/common.proto

import type { Long } from '@grpc/proto-loader';

export interface BlockLocation {
  'id'?: (string);
  'sizeBytes'?: (number | string | Long);
  'at'?: (string)[];
  'copy'?: (Buffer | Uint8Array | string);
}

export interface BlockLocation__Output {
  'id': (string);
  'sizeBytes': (number);
  'at': (string)[];
  'copy': (Buffer);
}
