// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface DropShuffles {
  'shuffles'?: (number | string | Long)[];
}

export interface DropShuffles__Output {
  'shuffles': (number)[];
}
