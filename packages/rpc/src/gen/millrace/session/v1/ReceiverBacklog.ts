// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface ReceiverBacklog {
  'stream'?: (number);
  'waitingBytes'?: (number | string | Long);
}

export interface ReceiverBacklog__Output {
  'stream': (number);
  'waitingBytes': (number);
}
