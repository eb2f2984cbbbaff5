// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface ReceivedPlace {
  'epoch'?: (number);
  'run'?: (number);
  'block'?: (number | string | Long);
}

export interface ReceivedPlace__Output {
  'epoch': (number);
  'run': (number);
  'block': (number);
}
